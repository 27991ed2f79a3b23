// What the page may change, once it has the token: pausing, pools, devices, threads, difficulty.

import { byId, children, element, setText } from "./dom.js";

const KEY = "stampmill-token";
const form = byId("token-form");
const field = byId("token");
const SAID_MS = 10000;

export class Control {
  constructor(changed) {
    this.changed = changed; // called when the page may do more or less than before
    this.writable = false;
    onSubmit(form, () => this.unlock(field.value));
    onSubmit(byId("threads-form"), () => this.setThreads(number("threads")));
    onSubmit(byId("wish-form"), () => this.wish(Number(byId("wish-pool").value), number("wish")));
    byId("pause").addEventListener("click", () => this.send("pause", "Paused."));
    byId("resume").addEventListener("click", () => this.send("resume", "Mining goes on."));
    byId("lock").addEventListener("click", () => this.lock("The token is forgotten."));
  }

  get unlocked() {
    return this.writable && sessionStorage.getItem(KEY) !== null;
  }

  allow(writable) {
    this.writable = writable;
    this.show();
  }

  showPaused(paused) {
    byId("pause").disabled = Boolean(paused);
    byId("resume").disabled = !paused;
  }

  showPools(pools) {
    children(byId("wish-pool"), pools, (pool) => pool.status.number, () => element("option"), (option, { status }) => {
      option.value = status.number;
      setText(option, status.url || status.name);
    });
  }

  setThreads(threads) {
    return this.send("threads", `Threads: ${threads ?? "one for each CPU"}.`, { threads });
  }

  wish(pool, suggest) {
    return this.send("pools/difficulty", "The pool is asked.", { pool, suggest });
  }

  async unlock(token) {
    const refused = await ask("token", token);
    if (refused) {
      say(refused.text);
      return;
    }
    sessionStorage.setItem(KEY, token);
    field.value = "";
    say("Unlocked.");
    this.show();
    byId("controls").querySelector("button:enabled")?.focus();
  }

  lock(why) {
    sessionStorage.removeItem(KEY);
    say(why);
    this.show();
    field.focus();
  }

  async send(what, done, body) {
    const refused = await ask(what, sessionStorage.getItem(KEY) ?? "", body);
    if (refused?.status === 403) this.lock(refused.text);
    else say(refused ? refused.text : done);
  }

  show() {
    byId("read-only").hidden = this.writable;
    form.hidden = !this.writable || this.unlocked;
    byId("controls").hidden = !this.unlocked;
    this.changed();
  }
}

function onSubmit(asked, act) {
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
}

function number(id) {
  const { value } = byId(id);
  return value === "" ? null : Number(value);
}

let silence;

function say(text) {
  clearTimeout(silence);
  setText(byId("control-said"), text);
  silence = setTimeout(() => setText(byId("control-said"), ""), SAID_MS);
}

// Returns nothing if it was done, else why not.
async function ask(what, token, body) {
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const reply = await fetch(`api/${what}`, { method: "POST", headers, body: body && JSON.stringify(body) });
    return reply.ok ? null : { status: reply.status, text: (await reply.text()).trim() };
  } catch (error) {
    // A header takes no such characters, or nobody answers.
    const text = token && /[^\x20-\x7e]/.test(token) ? "wrong token" : `not done: ${error.message}`;
    return { status: 0, text };
  }
}
