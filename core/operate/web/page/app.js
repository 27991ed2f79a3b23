// Brings the parts of the page together.

import { Control } from "./base/control.js";
import { byId, setText } from "./base/dom.js";
import { follow } from "./base/feed.js";
import { count, rate } from "./base/format.js";
import { Samples } from "./base/samples.js";
import { startTheme } from "./base/theme.js";
import { awayAlert, showAlerts } from "./view/alerts.js";
import { RateChart } from "./view/chart.js";
import { showDevices } from "./view/devices.js";
import { News, write } from "./view/news.js";
import { showSnapshot } from "./view/overview.js";
import { showPools } from "./view/pools.js";

const REFRESH_MS = 300000; // the miner thins its past; taking it anew keeps ours as small

let run = null;
let shot = null;
let samples = new Samples();
let awaySince = null;

const news = new News();
const chart = new RateChart(samples);
const control = new Control(() => shot && renderTables());

startTheme(() => chart.rebuild());
follow({ hello: greet, news: (items) => news.show(items), tick: take, away: lose });
setInterval(loadPast, REFRESH_MS);

function greet(hello) {
  if (run !== hello.run) begin(hello.run);
  setText(byId("version"), hello.version);
  setText(byId("lasting"), hello.lasting.join("; "));
  byId("lasting").hidden = hello.lasting.length === 0;
  control.allow(hello.writable);
  loadPast();
}

// Another run has nothing of this one: its past, its shares and its job are gone.
function begin(name) {
  const again = run !== null;
  run = name;
  shot = null;
  news.reset();
  samples = new Samples();
  chart.begin(samples);
  if (again) write("notice", Date.now() / 1000, "The miner was started anew");
}

async function loadPast() {
  const asked = samples;
  try {
    const past = await (await fetch("api/history")).json();
    if (past.run !== run || asked !== samples) return;
    samples.remember(past);
    chart.draw();
  } catch {
    // Nobody answers: the feed says so, and asks for the past again when somebody does.
  }
}

function take({ snapshot, pages }) {
  awaySince = null;
  document.body.classList.remove("away");
  shot = labelled(snapshot);
  samples.add(shot);
  showState(...stateOf(shot));
  showAlerts(shot.alerts);
  showSnapshot(shot);
  renderTables();
  control.showPaused(shot.paused);
  setText(byId("pages"), pagesText(pages));
  if (!document.hidden) chart.draw();
}

function lose() {
  awaySince ??= Date.now() / 1000;
  document.body.classList.add("away");
  showState("away", "no miner");
  showAlerts([awayAlert(awaySince), ...(shot?.alerts ?? [])]);
}

function renderTables() {
  const able = control.unlocked ? control : null;
  showPools(shot.pools, able);
  showDevices(shot.devices, able);
  control.showPools(shot.pools);
}

// Names that no two devices share, whether a device can rest alone, and the power it draws.
function labelled(snapshot) {
  const seen = new Map();
  const backends = Map.groupBy(snapshot.devices, (device) => device.backend);
  const power = new Map((snapshot.energy?.devices ?? []).map((each) => [each.device, each]));
  for (const device of snapshot.devices) {
    const times = (seen.get(device.name) ?? 0) + 1;
    seen.set(device.name, times);
    device.label = times === 1 ? device.name : `${device.name} #${times}`;
    device.alone = backends.get(device.backend).length === 1;
    device.watts = power.get(device.name)?.watts;
    device.wattsOrigin = power.get(device.name)?.origin ?? "";
  }
  return snapshot;
}

function stateOf(now) {
  if (now.paused) return ["paused", `paused by ${now.paused}`];
  if (now.job_id === null) return ["waiting", now.source.state === "authorized" ? "waiting for the first job" : `no job: pool ${now.source.state}`];
  return ["mining", "mining"];
}

function showState(state, text) {
  const node = byId("state");
  node.dataset.state = state;
  setText(node, text);
  const alarms = state === "away" ? 0 : shot.alerts.length;
  const figure = state === "mining" ? rate(shot.rates.seconds_5) : text;
  document.title = `${alarms ? `(${alarms}!) ` : ""}${figure}, stampmill`;
}

function pagesText({ open, turned_away: away, never_read: idle }) {
  const others = away || idle ? `; ${count(away)} turned away, ${count(idle)} let go unread` : "";
  return `${count(open)} open${others}.`;
}
