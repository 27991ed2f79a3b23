// The rates over time: what the miner remembers, and since then what each snapshot says.

const KEPT_SECONDS = 86400;
const OVERLAP = 30; // snapshots that are kept to be put behind a past that arrives later

export class Samples {
  constructor() {
    this.names = [];
    this.others = 0;
    this.seconds = [];
    this.total = [];
    this.rates = [];
    this.start = null; // Unix time at which the run began
    this.latest = [];
  }

  // Takes the past as /api/history tells it.
  remember(past) {
    this.names = past.devices;
    this.others = past.others;
    this.seconds = past.rows.map((row) => row[0]);
    this.total = past.rows.map((row) => row[1]);
    this.rates = past.devices.map((_name, place) => past.rows.map((row) => row[place + 2] ?? null));
    for (const shot of this.latest) this.append(shot);
  }

  add(shot) {
    // Until devices are open the run has not begun to count its seconds.
    if (shot.devices.length === 0) return;
    this.start ??= shot.time - shot.seconds;
    this.latest = [...this.latest.slice(1 - OVERLAP), shot];
    this.append(shot);
    if (this.seconds[0] < shot.seconds - KEPT_SECONDS) this.forgetFirst();
  }

  // Returns columns for a chart: Unix times, the total, and a column for each device.
  window(seconds) {
    const from = this.seconds.findIndex((at) => at >= this.seconds.at(-1) - seconds);
    const cut = (column) => (from < 0 ? [] : column.slice(from));
    const times = cut(this.seconds).map((at) => this.start + at);
    return [times, cut(this.total), ...this.rates.map(cut)];
  }

  append(shot) {
    if (shot.seconds <= (this.seconds.at(-1) ?? -1)) return;
    this.seconds.push(shot.seconds);
    this.total.push(shot.rates.seconds_5);
    for (const column of this.rates) column.push(null);
    for (const device of shot.devices) this.appendRate(device);
  }

  appendRate(device) {
    let place = this.names.indexOf(device.label);
    if (place < 0 && this.names.length < 32) {
      place = this.names.push(device.label) - 1;
      this.rates.push(this.seconds.map(() => null));
    }
    if (place >= 0) this.rates[place][this.seconds.length - 1] = device.rates.seconds_5;
  }

  forgetFirst() {
    for (const column of [this.seconds, this.total, ...this.rates]) column.shift();
  }
}
