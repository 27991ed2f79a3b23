// The chart of rates, drawn by uPlot, with its curves to choose from and a line of figures.

import { byId, children, element, setText, svg } from "../base/dom.js";
import { clock, duration, minute, rate } from "../base/format.js";

const COLOURS = 8;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const SHOWN_AT_FIRST = 9; // the total and eight devices
const LEAST_SECONDS = 30;

const box = byId("chart");

export class RateChart {
  constructor(samples) {
    this.samples = samples;
    this.range = 300;
    this.chosen = new Map();
    this.plot = null;
    byId("ranges").addEventListener("change", (event) => {
      this.range = Number(event.target.value);
      this.draw();
    });
    new ResizeObserver(() => requestAnimationFrame(() => this.resize())).observe(box);
  }

  begin(samples) {
    this.samples = samples;
    this.rebuild();
  }

  draw() {
    this.showCurves();
    if (this.samples.seconds.length < 2) return;
    const data = this.samples.window(this.range);
    if (this.plot === null || this.plot.series.length !== data.length) this.build(data);
    else this.plot.setData(data);
    this.tell(data);
  }

  rebuild() {
    this.plot?.destroy();
    this.plot = null;
    this.draw();
  }

  resize() {
    this.plot?.setSize({ width: box.clientWidth, height: box.clientHeight });
  }

  showCurves() {
    const { names, others } = this.samples;
    const curves = ["total", ...names].map((name, place) => ({ name, place }));
    const field = byId("curves");
    children(field, [null, ...curves], (curve) => curve?.place ?? "legend",
      (curve) => (curve ? this.newCurve(curve) : field.querySelector("legend")),
      (label, curve) => curve && setText(label.lastChild, curve.name));
    byId("beyond").hidden = !others;
    setText(byId("beyond"), `The other ${others} devices have no curve of their own here.`);
  }

  newCurve({ name, place }) {
    const label = element("label");
    const check = element("input");
    check.type = "checkbox";
    check.checked = this.isShown(place);
    check.addEventListener("change", () => {
      this.chosen.set(place, check.checked);
      this.plot?.setSeries(place + 1, { show: check.checked });
    });
    const sample = svg("svg", { viewBox: "0 0 28 8", class: curveClass(place), "aria-hidden": "true" });
    const line = { x1: 0, x2: 28, y1: 4, y2: 4, "stroke-dasharray": dash(place).join(" ") };
    sample.append(svg("line", line));
    label.append(check, sample, element("span", "", name));
    return label;
  }

  isShown(place) {
    return this.chosen.get(place) ?? place < SHOWN_AT_FIRST;
  }

  build(data) {
    this.plot?.destroy();
    const { text, line } = inks();
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const options = {
      width: box.clientWidth,
      height: box.clientHeight,
      legend: { show: false },
      scales: {
        x: { range: (_plot, low, high) => [Math.min(low, high - LEAST_SECONDS), high] },
        y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.15 : 1] },
      },
      axes: [{ ...axis, size: 30, space: 85, values: clockTicks }, { ...axis, size: 78, values: (_plot, ticks) => ticks.map(rate) }],
      series: [{}, ...data.slice(1).map((_column, place) => this.series(place))],
      hooks: { setCursor: [(plot) => this.point(plot)] },
    };
    this.plot = new uPlot(options, data, box);
  }

  series(place) {
    const stroke = ink(curveClass(place));
    const width = place ? 1.5 : 2.5;
    return { stroke, width, dash: dash(place), show: this.isShown(place), points: { show: false } };
  }

  // The figures under the pointer, or the latest.
  point(plot) {
    const place = plot.cursor.idx ?? plot.data[0].length - 1;
    const [times, total, ...rates] = plot.data;
    const each = this.samples.names.map((name, n) => `${name} ${rate(rates[n]?.[place])}`);
    const some = each.slice(0, 4).join(", ") + (each.length > 4 ? ", …" : "");
    setText(byId("readout"), `${clock(times[place])}: total ${rate(total[place])} (${some || "no device"})`);
  }

  tell(data) {
    this.point(this.plot);
    const totals = data[1].filter((value) => value !== null);
    const span = duration(data[0].at(-1) - data[0][0]);
    const text = `Hash rate over ${span}: now ${rate(totals.at(-1))}, lowest `
      + `${rate(Math.min(...totals))}, highest ${rate(Math.max(...totals))}`;
    if (box.getAttribute("aria-label") !== text) box.setAttribute("aria-label", text);
  }
}

function clockTicks(_plot, ticks, _axis, _space, step) {
  return ticks.map(step < 60 ? clock : minute);
}

function curveClass(place) {
  return `curve-${place % COLOURS}`;
}

function dash(place) {
  return DASHES[(place + Math.floor(place / COLOURS)) % DASHES.length];
}

function inks() {
  return { text: ink("muted"), line: ink("gridline") };
}

// What a class's colour is in this theme: a canvas cannot ask for it by name.
function ink(className) {
  const probe = element("span", className);
  box.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
