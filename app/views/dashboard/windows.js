// Windows over event time as charts: sales by store, bookings by region, payments by currency.

import { get, path } from "./api.js";
import { Chart } from "./charts.js";
import { $, h, say } from "./dom.js";
import { compact, count, DAY_MS, dateOf, dayMonthOf, momentOf, money, utcMinuteOf } from "./format.js";

const ALL_DAYS = 9_990;
const SPANS = {
  hour: { title: "1 h by minute", size: "1m", step: 60_000, steps: 60 },
  day: { title: "24 h by hour", size: "1h", step: 3_600_000, steps: 24 },
  month: { title: "35 d by day", size: "1d", step: DAY_MS, steps: 35 },
};
const PANELS = {
  sales: {
    title: "Sales by store", parameter: "storeId", every: "All stores",
    series: [["unitsSold", "units sold", "w0"], ["unitsReturned", "returned", "w2"]],
    ranked: (row) => [row.unitsSold, count(row.unitsSold)],
  },
  bookings: {
    title: "Bookings by region", parameter: "region", every: "All regions",
    series: [["confirmed", "confirmed", "w0"], ["cancelled", "cancelled", "w2"]],
    ranked: (row) => [row.confirmed, count(row.confirmed)],
  },
  payments: {
    title: "Payments by currency", parameter: "currency", every: "All currencies",
    series: [["completed", "completed", "w0"], ["failed", "failed", "w2"]],
    ranked: (row) => [row.completed, money(row.completedMinor, row.key)],
  },
};

class Panel {
  constructor(name) {
    Object.assign(this, PANELS[name], { name, key: null, span: null });
    this.select = h("select", { "aria-label": `Time shown of ${this.title.toLowerCase()}`, change: () => this.#chosen() },
      Object.entries(SPANS).map(([value, { title }]) => h("option", { value }, title)));
    this.said = h("p", { class: "dim legend" });
    this.box = h("div", { class: "chart" });
    this.ranks = h("ul", { class: "ranks" });
    $(name).append(h("header", {}, h("h2", { id: `${name}-title` }, this.title), this.select), this.said, this.box, this.ranks);
    this.chart = new Chart(this.box, {
      label: this.title, format: compact, counts: true, tick: (seconds) => this.#tick(seconds * 1000), timeText: (seconds) => momentOf(seconds * 1000),
      series: this.series.map(([, label, colour]) => ({ label, colour, bars: true, format: count })),
    });
  }

  #tick(ms) {
    return this.span === SPANS.month ? dayMonthOf(ms) : utcMinuteOf(ms);
  }

  #chosen() {
    this.span = SPANS[this.select.value];
    this.refresh();
  }

  ask = async (parameters) => (await get(path(`/v1/windows/${this.name}`, { ...parameters, [this.parameter]: this.key }))).windows;

  /** The newest event time in ms, to a minute, or null; and over how many days there is anything. */
  async #newest() {
    const end = (Math.floor(Date.now() / DAY_MS) + 1) * DAY_MS;
    const days = await this.ask({ from: end - ALL_DAYS * DAY_MS, to: end, size: "1d" });
    if (!days.length) return [null, 0];
    const last = days.at(-1).start;
    const minutes = await this.ask({ from: last, to: last + DAY_MS, size: "1m" });
    return [(minutes.at(-1) ?? { end: last + DAY_MS }).end, days.length];
  }

  /** Asks and draws; returns the newest event time. */
  async refresh() {
    const [newest, days] = await this.#newest();
    if (newest === null) {
      this.#draw([], { from: Date.now() - DAY_MS, to: Date.now(), note: "Nothing came yet" });
      return null;
    }
    if (this.span === null) {
      this.select.value = days > 2 ? "month" : "hour";
      this.span = SPANS[this.select.value];
    }
    const { size, step, steps } = this.span;
    const now = Date.now() - newest < 600_000 ? Date.now() : newest - 1;
    const to = (Math.floor(now / step) + 1) * step;
    const from = to - steps * step;
    const windows = await this.ask({ from, to, size });
    Object.assign($(this.name).dataset, { from, to, size });
    this.#draw(windows, { from, to, note: windows.length ? "" : "Nothing in this time" });
    const ranking = path(`/v1/windows/${this.name}/ranking`, { from, to, limit: 6 });
    this.#rank(await get(ranking).catch((error) => ({ ranking: [], why: error.status === 400 && "Too many to rank: choose a shorter time" })));
    return newest;
  }

  #draw(windows, { from, to, note }) {
    const { step } = this.span ?? SPANS.day;
    const starts = Array.from({ length: Math.round((to - from) / step) }, (_, place) => from + place * step);
    const found = new Map(windows.map((window) => [window.start, window]));
    const columns = this.series.map(([field]) => starts.map((start) => found.get(start)?.[field] ?? 0));
    const sums = columns.map((column) => column.reduce((sum, value) => sum + value, 0));
    const said = this.series.map(([, label], place) => `${count(sums[place])} ${label}`).join(", ");
    this.chart.show([starts.map((start) => start / 1000), ...columns], {
      from: (from - step / 2) / 1000, to: (to - step / 2) / 1000, summary: `${said}; ${dateOf(from)} to ${dateOf(to)}`, note,
    });
    const legend = this.series.map(([, label], place) =>
      h("span", {}, h("span", { class: `swatch s${place}` }), h("b", {}, count(sums[place])), ` ${label}  `));
    this.said.replaceChildren(...legend);
  }

  #rank({ ranking, why }) {
    const most = Math.max(1, ...ranking.map((row) => this.ranked(row)[0]));
    const rows = ranking.map((row) => this.#row(row.key, ...this.ranked(row), most));
    if (this.key !== null) rows.unshift(this.#row(null, null, "", 1));
    const focused = this.ranks.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    if (why) rows.push(h("span", { class: "dim" }, why));
    this.ranks.replaceChildren(...rows.map((row) => h("li", {}, row)));
    if (focused !== undefined) this.ranks.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(key, value, text, most) {
    const bar = value === null ? h("span") : h("meter", { min: 0, max: most, value, "aria-label": `${key}: ${text}` });
    return h("button", {
      type: "button", class: "rank", "data-key": key ?? "", "aria-pressed": String(key !== null && key === this.key),
      click: () => {
        this.key = key === this.key ? null : key;
        this.refresh();
      },
    }, h("span", {}, key ?? `← ${this.every}`), bar, h("span", { class: "number" }, text));
  }
}

let panels = null;

/** All three; returns the newest event time in ms, or null where nothing came or windows are not served. */
export async function showWindows() {
  panels ??= Object.keys(PANELS).map((name) => new Panel(name));
  const found = await Promise.all(panels.map((panel) => panel.refresh().catch((error) => {
    say(panel.said, `Can't be read now: ${error.message}`);
    return null;
  })));
  const times = found.filter((time) => time !== null);
  return times.length ? Math.max(...times) : null;
}
