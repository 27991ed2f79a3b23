// The banner: alerts that stand, and the word that nobody answers.

import { byId, children, element, setText } from "../base/dom.js";
import { clock } from "../base/format.js";

export function showAlerts(alerts) {
  children(byId("alert-list"), alerts, (alert) => `${alert.kind} ${alert.subject}`, make, fill);
}

export function awayAlert(since) {
  return {
    kind: "no miner",
    subject: location.host,
    text: `Nobody answers at ${location.host}. The figures below are the last known; trying again.`,
    since,
  };
}

function make(alert) {
  const line = element("li", alert.kind === "block found" ? "glad" : "");
  line.append(element("strong"), element("span"), element("time", "muted"));
  return line;
}

function fill(line, { kind, subject, text, since }) {
  const [head, body, time] = line.children;
  const named = text.includes(subject) || !subject ? text : `${subject}: ${text}`;
  setText(head, `${kind[0].toUpperCase()}${kind.slice(1)}`);
  setText(body, ` ${named} `);
  setText(time, `since ${clock(since)}`);
}
