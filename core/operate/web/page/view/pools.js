// The table of pools, with the way to prefer another and to leave one be.

import { byId, cellButton, tableRows } from "../base/dom.js";
import * as f from "../base/format.js";

// `control` does what its buttons ask for; without it the pools are only shown.
export function showPools(pools, control) {
  const body = byId("pools");
  tableRows(body, pools, (pool) => pool.status.number, cells);
  pools.forEach((pool, place) => {
    const cell = body.rows[place].lastChild;
    const several = control !== null && pools.length > 1;
    cellButton(cell, "first", several && pool.status.rank > 0 ? first(pool, pools, control) : null);
    cellButton(cell, "use", several ? use(pool, control) : null);
  });
}

function first(pool, pools, control) {
  const act = () => control.send("pools", "The order of the pools is changed.", { order: orderWith(pool, pools) });
  return { text: "Use first", label: `Use ${pool.status.url} first`, act };
}

function use({ status }, control) {
  const [text, path] = status.enabled ? ["Disable", "pools/disable"] : ["Enable", "pools/enable"];
  const act = () => control.send(path, `${text}d: ${status.url}`, { pool: status.number });
  return { text, label: `${text} ${status.url}`, act };
}

function cells(pool) {
  const { status, shares, answer } = pool;
  return [
    [status.url || status.name, "", status.user],
    state(pool),
    [f.difficulty(status.difficulty), "n"],
    [f.milliseconds(answer.p50), "n"],
    [f.milliseconds(answer.p99), "n"],
    [f.count(shares.accepted), "n"],
    [f.count(shares.rejected), shares.rejected ? "n bad" : "n", rejectedPart(shares)],
    [f.count(shares.stale + shares.lost + shares.unanswered), "n"],
    [f.count(pool.jobs), "n"],
    [`${status.rank + 1}`, ""],
  ];
}

function rejectedPart({ accepted, rejected }) {
  return rejected ? f.percent(rejected, accepted + rejected) : "";
}

function state({ status, active }) {
  const again = status.reconnects ? [["reconnected", status.reconnects]] : [];
  const faults = [...status.faults, ...again].map(([reason, count]) => `${reason} ${count}`).join(", ");
  if (!status.enabled) return ["‖ disabled", "warn", faults];
  if (!active && status.state === "disconnected" && !faults) return ["○ stands by"];
  if (status.state !== "authorized") return [`✕ ${status.state}`, active ? "bad" : "warn", faults];
  return active ? ["● in use", "good", faults] : ["○ ready", "", faults];
}

function orderWith(first, pools) {
  const ranked = pools.toSorted((one, other) => one.status.rank - other.status.rank);
  return [first, ...ranked.filter((pool) => pool !== first)].map((pool) => pool.status.number);
}
