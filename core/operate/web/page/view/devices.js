// The table of devices, with the way to let one rest.

import { byId, cellButton, tableRows } from "../base/dom.js";
import * as f from "../base/format.js";

const UNITS = { rpm: "rpm", volts: "V", hertz: "Hz", celsius: "°C", watts: "W" };

// `control` does what its buttons ask for; without it the devices are only shown.
export function showDevices(devices, control) {
  const body = byId("devices");
  tableRows(body, devices, (device) => device.label, deviceCells);
  devices.forEach((device, place) => {
    const shown = control !== null && device.alive && device.alone;
    cellButton(body.rows[place].cells[1], "work", shown ? work(device, place, control) : null);
  });
  byId("no-devices").hidden = devices.length > 0;
}

export function readings(device, unit) {
  return device.sensors.filter((sensor) => sensor.quantity === unit).map((sensor) => sensor.value).filter(f.isKnown);
}

export function sum(values) {
  return values.length ? values.reduce((all, value) => all + value, 0) : null;
}

function work(device, place, control) {
  const [text, path] = device.enabled ? ["Rest", "devices/disable"] : ["Work", "devices/enable"];
  const act = () => control.send(path, `${device.label}: ${text.toLowerCase()}`, { device: place });
  return { text, label: `Let ${device.label} ${text.toLowerCase()}`, act };
}

function deviceCells(device) {
  const { name, backend, kernel, rates, shares, sensors } = device;
  const hot = readings(device, "celsius");
  const others = sensors.filter((s) => !["celsius", "watts"].includes(s.quantity));
  return [
    [device.label, "", kernel.includes(name) ? backend : [backend, kernel].filter(Boolean).join(", ")],
    deviceState(device),
    [f.rate(rates.seconds_5), "n"],
    [f.rate(rates.minute_1), "n"],
    [f.rate(rates.minutes_15), "n"],
    [f.count(shares.accepted), "n"],
    [f.count(shares.rejected), "n"],
    [f.count(shares.hardware_errors), shares.hardware_errors ? "n bad" : "n"],
    [hot.length ? f.quantity(Math.max(...hot), "°C") : f.NONE, "n"],
    [f.quantity(device.watts ?? sum(readings(device, "watts")), "W"), "n", device.wattsOrigin],
    [others.map((s) => `${s.place} ${reading(s)}`).join(", ") || f.NONE, "wrap"],
  ];
}

function reading({ quantity, value }) {
  return quantity === "hertz" ? f.quantity(value / 1e6, "MHz") : f.quantity(value, UNITS[quantity] ?? "");
}

function deviceState(device) {
  if (!device.alive) return ["✕ gone", "bad"];
  return device.enabled ? ["● works", "good"] : ["‖ rests", "warn"];
}
