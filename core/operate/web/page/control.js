// What the page may change, once it has the token: pause, resume, the order of the pools.

import { byId, setText } from "./dom.js";

const KEY = "stampmill-token";
const form = byId("token-form");
const field = byId("token");

export class Control {
  constructor(changed) {
    this.changed = changed; // called when the page may do more or less than before
    this.writable = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.unlock(field.value);
    });
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

  prefer(order) {
    return this.send("pools", "The order of the pools is changed.", { order });
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

function say(text) {
  setText(byId("control-said"), text);
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
