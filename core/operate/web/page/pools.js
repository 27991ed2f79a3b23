// The table of pools, with the way to prefer another.

import { byId, element, tableRows } from "./dom.js";
import * as f from "./format.js";

// `prefer` takes an order of numbers; without it the order is only shown.
export function showPools(pools, prefer) {
  const body = byId("pools");
  tableRows(body, pools, (pool) => pool.status.number, cells);
  pools.forEach((pool, place) => showOrder(body.rows[place].lastChild, pool, pools, prefer));
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
    [f.count(status.reconnects), "n"],
    [`${status.rank + 1}`, ""],
  ];
}

function rejectedPart({ accepted, rejected }) {
  return rejected ? f.percent(rejected, accepted + rejected) : "";
}

function state({ status, active }) {
  const faults = status.faults.map(([reason, count]) => `${reason} ${count}`).join(", ");
  if (!status.enabled) return ["‖ disabled", "warn", faults];
  if (!active && status.state === "disconnected" && !faults) return ["○ stands by"];
  if (status.state !== "authorized") return [`✕ ${status.state}`, active ? "bad" : "warn", faults];
  return active ? ["● in use", "good", faults] : ["○ ready", "", faults];
}

function showOrder(cell, pool, pools, prefer) {
  let button = cell.querySelector("button");
  const useful = Boolean(prefer) && pools.length > 1 && pool.status.rank > 0;
  if (useful && !button) {
    button = element("button", "", "Use first");
    button.type = "button";
    button.setAttribute("aria-label", `Use ${pool.status.url} first`);
    cell.append(button);
  }
  if (!button) return;
  button.hidden = !useful;
  button.onclick = () => prefer(orderWith(pool, pools));
}

function orderWith(first, pools) {
  const ranked = pools.toSorted((one, other) => one.status.rank - other.status.rank);
  return [first, ...ranked.filter((pool) => pool !== first)].map((pool) => pool.status.number);
}
