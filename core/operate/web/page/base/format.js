// Figures as people read them. What is not known is a dash, never "null" or "NaN".

export const NONE = "–";

const RATES = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s", "PH/s", "EH/s"];
const LARGE = ["", "K", "M", "G", "T", "P", "E"];
const PART = "2-digit";
const MINUTE = new Intl.DateTimeFormat(undefined, { hour: PART, minute: PART, hourCycle: "h23" });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: PART, minute: PART, second: PART, hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function isKnown(value) {
  return typeof value === "number" && Number.isFinite(value);
}

function scaled(value, units) {
  let place = 0;
  while (Math.abs(value) >= 999.5 && place < units.length - 1) {
    value /= 1000;
    place += 1;
  }
  return [significant(value), units[place]];
}

function significant(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 0.001) return String(Number(value.toPrecision(3)));
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3);
}

export function rate(value) {
  return isKnown(value) ? scaled(value, RATES).join(" ") : NONE;
}

export function difficulty(value) {
  return isKnown(value) ? scaled(value, LARGE).join("") : NONE;
}

export function count(value) {
  return isKnown(value) ? value.toLocaleString() : NONE;
}

export function milliseconds(seconds) {
  return isKnown(seconds) ? `${significant(seconds * 1000)} ms` : NONE;
}

export function quantity(value, unit) {
  return isKnown(value) ? `${significant(value)} ${unit}` : NONE;
}

export function percent(part, whole) {
  return whole > 0 ? `${significant((100 * part) / whole)} %` : NONE;
}

export function duration(seconds) {
  if (!isKnown(seconds)) return NONE;
  if (seconds < 60) return `${seconds < 9.95 ? significant(seconds) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  const days = hours / 24;
  return days < 730 ? `${Math.floor(days)} days` : `${difficulty(days / 365.25)} years`;
}

// Joules of so many hashes that the figure has few digits.
export function efficiency(joulesPerHash) {
  if (!isKnown(joulesPerHash)) return NONE;
  const [hashes, unit] = [[1e12, "TH"], [1e9, "GH"], [1e6, "MH"]].find(([n]) => joulesPerHash * n < 10000) ?? [1e3, "kH"];
  return quantity(joulesPerHash * hashes, `J/${unit}`);
}

export function energy(joules) {
  if (!isKnown(joules)) return NONE;
  return joules >= 360000 ? quantity(joules / 3.6e6, "kWh") : quantity(joules / 3600, "Wh");
}

export function clock(unix) {
  return isKnown(unix) ? CLOCK.format(unix * 1000) : NONE;
}

export function minute(unix) {
  return isKnown(unix) ? MINUTE.format(unix * 1000) : NONE;
}

export function day(unix) {
  return isKnown(unix) ? DAY.format(unix * 1000) : NONE;
}

export function hex(value) {
  return isKnown(value) ? value.toString(16).padStart(8, "0") : NONE;
}
