// The stream of shares and the log of everything else, the newest first.

import { byId, element, newRow, setText } from "../base/dom.js";
import * as f from "../base/format.js";

const KEPT = 100;
const SHARES = new Set(["accepted", "rejected", "stale", "lost", "unanswered"]);
const SIGNS = { accepted: "✓", rejected: "✕", stale: "◷", lost: "✕", unanswered: "?" };

const shares = byId("shares");
const log = byId("log");

export class News {
  constructor() {
    this.last = 0; // of this run
  }

  reset() {
    this.last = 0;
    shares.replaceChildren();
    log.replaceChildren();
    byId("no-shares").hidden = byId("no-events").hidden = false;
  }

  show({ news, passed_over: passedOver }) {
    if (passedOver) write("notice", news[0].at, `${passedOver} more events in this moment`);
    for (const each of news.filter((item) => item.id > this.last)) this.showOne(each);
  }

  showOne(item) {
    this.last = item.id;
    if (SHARES.has(item.kind)) showShare(item);
    else write(item.kind, item.at, describe(item));
    if (item.kind === "warning") setText(byId("announcer"), item.text);
  }
}

// Adds a line of the page's own.
export function write(kind, at, text) {
  const line = element("li", kind === "notice" || kind === "job" ? "fresh" : "fresh bad");
  const sign = kind === "warning" || kind === "hardware-error" ? "⚠ " : "";
  line.append(element("time", "", f.clock(at)), sign + text);
  prepend(log, line);
  byId("no-events").hidden = true;
}

function describe(item) {
  if (item.kind === "job") {
    return `Job ${item.job}, ${item.clean ? "clean" : "update"}, difficulty ${f.difficulty(item.difficulty)}`;
  }
  return item.kind === "hardware-error" ? `${item.device}: ${item.text}` : item.text;
}

function showShare(item) {
  const result = item.block ? "★ block" : `${SIGNS[item.kind]} ${item.kind}`;
  const row = newRow([
    f.clock(item.at),
    [result, item.kind === "accepted" ? "good" : "bad", item.kind === "accepted" ? "" : item.text || item.reason],
    [f.difficulty(item.difficulty), "n"],
    item.device,
    [f.milliseconds(item.latency), "n"],
  ]);
  row.classList.add("fresh");
  prepend(shares, row);
  byId("no-shares").hidden = true;
}

function prepend(list, entry) {
  list.prepend(entry);
  while (list.children.length > KEPT) list.lastChild.remove();
}
