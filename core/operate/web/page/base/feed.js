// The stream of server-sent events, and the word that nobody answers.

const SILENCE_MS = 6000; // the miner speaks once a second
const RETRY_MS = 2000;

// Calls hello, news, tick with what comes, and away when the miner cannot be heard. Tries for ever.
export function follow({ hello, news, tick, away }) {
  let last = "";
  let source;
  let silence;

  function listen(kind, take) {
    source.addEventListener(kind, (message) => {
      clearTimeout(silence);
      silence = setTimeout(lose, SILENCE_MS);
      last = message.lastEventId || last;
      take(JSON.parse(message.data));
    });
  }

  function open() {
    source = new EventSource(`api/events?after=${encodeURIComponent(last)}`);
    listen("hello", hello);
    listen("news", news);
    listen("tick", tick);
    source.onerror = lose;
    silence = setTimeout(lose, SILENCE_MS);
  }

  function lose() {
    // The browser's own second try tells neither how long it waits nor whether it has given up.
    source.close();
    clearTimeout(silence);
    away();
    setTimeout(open, RETRY_MS);
  }

  open();
}
