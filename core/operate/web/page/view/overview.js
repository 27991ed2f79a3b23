// What a snapshot says, except for the curves: tiles and facts.

import { readings, sum } from "./devices.js";
import { byId, setText, terms } from "../base/dom.js";
import * as f from "../base/format.js";

const LISTED = 16; // devices whose power is told one by one

export function showSnapshot(shot) {
  terms(byId("tiles"), tiles(shot));
  terms(byId("job"), job(shot));
  byId("no-job").hidden = shot.job_id !== null;
  terms(byId("latency"), latencies(shot));
  terms(byId("energy"), [...energy(shot.energy), ...policy(shot.policy)]);
  byId("energy-card").hidden = !shot.energy && !shot.policy;
  const reasons = shot.reject_reasons.map(([reason, count]) => `${reason} ${count}`).join(", ");
  byId("reasons").hidden = !reasons;
  setText(byId("reasons"), `Rejected as: ${reasons}`);
}

function tiles(shot) {
  const { rates } = shot;
  const lost = shot.stale + shot.lost + shot.unanswered;
  const watts = shot.energy?.watts ?? sum(shot.devices.flatMap((device) => readings(device, "watts")));
  const hottest = shot.devices.flatMap((device) => readings(device, "celsius"));
  return [
    ["Hash rate", f.rate(rates.seconds_5), `1 min ${f.rate(rates.minute_1)}, 15 min ${f.rate(rates.minutes_15)}`],
    ["Accepted shares", f.count(shot.accepted), `${f.count(shot.rejected)} rejected, ${f.count(lost)} stale or lost`],
    ["Next share in", f.duration(shot.expected_share_seconds), `the latest ${ago(shot.seconds_since_accepted)}`],
    ["Best difficulty", f.difficulty(shot.best_difficulty), `network ${f.difficulty(shot.network_difficulty)}`],
    ["Blocks found", shot.blocks ? f.count(shot.blocks) : null],
    ["Power", f.isKnown(watts) ? f.quantity(watts, "W") : null, efficiency(shot.energy)],
    ["Hottest", hottest.length ? f.quantity(Math.max(...hottest), "°C") : null],
    ["Running for", f.duration(shot.seconds), shot.kernel],
  ];
}

function ago(seconds) {
  return f.isKnown(seconds) ? `${f.duration(seconds)} ago` : "not yet";
}

function efficiency(energy) {
  return f.isKnown(energy?.joules_per_hash) ? f.efficiency(energy.joules_per_hash) : "";
}

function job(shot) {
  const { job: now } = shot;
  return [
    ["Job", shot.job_id, now ? `${now.clean ? "clean" : "update"}, ${f.duration(now.age)} old` : ""],
    ["Difficulty", f.isKnown(shot.job_difficulty) ? f.difficulty(shot.job_difficulty) : null],
    ["Block height", f.isKnown(now?.height) ? f.count(now.height) : null],
    ["Previous block", now?.previous_hash ?? null],
    ["Version", now ? f.hex(now.version) : null, now ? `rolled within ${f.hex(now.version_mask)}` : ""],
    ["Time stamp", now ? f.day(now.ntime) : null],
    ["Jobs so far", f.count(shot.jobs), `${f.count(shot.clean_jobs)} clean, ${f.count(shot.starved_jobs)} starved`],
  ];
}

function latencies(shot) {
  const line = ({ count, p50, p99 }) => [
    `p50 ${f.milliseconds(p50)}, p99 ${f.milliseconds(p99)}`, `of ${f.count(count)}`,
  ];
  return [
    ["Job switch", ...line(shot.job_switch)],
    ["Nonce to submit", ...line(shot.share_path)],
    ["Pool's answer", ...line(shot.pool_answer)],
  ];
}

function energy(known) {
  if (!known) return [];
  const money = (value, digits) => (f.isKnown(value) ? `${value.toFixed(digits)} ${known.currency}` : null);
  return [
    ["Power", f.isKnown(known.watts) ? f.quantity(known.watts, "W") : null],
    ...drawn(known.devices),
    ["Energy so far", f.energy(known.joules), efficiency(known)],
    ["Price now", f.isKnown(known.price) ? `${money(known.price, 4)} per kWh` : null],
    ["Cost so far", money(known.cost, 4)],
  ];
}

function drawn(devices) {
  return devices.slice(0, LISTED).map(({ device, watts, origin }) => [`of ${device}`, f.quantity(watts, "W"), origin]);
}

function policy(known) {
  if (!known) return [];
  const duty = known.action === "throttle" ? ` to ${f.percent(known.duty, 1)} of the time` : "";
  return [
    ["Policy", `${known.action}${duty}`, `since ${f.clock(known.since)}`],
    ["Rule", known.rule || f.NONE, known.reason],
  ];
}
