// uPlot in the page's colours: follows the width of its box and the colour scheme, and shows values at the pointer.

import { h } from "./dom.js";

const { uPlot } = window;
const MINUTES = [60, 120, 300, 600, 900, 1_800];
const probe = h("span", { hidden: true });

/** A colour of the style sheet as a canvas understands it. */
export function colour(name, alpha = 1) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${name})`;
  const found = getComputedStyle(probe).color;
  return alpha === 1 ? found : found.replace(/^rgb\(/, "rgba(").replace(/\)$/, `, ${alpha})`);
}

const COUNTS = [1, 2, 5].flatMap((lead) => Array.from({ length: 12 }, (_, zeros) => lead * 10 ** zeros)).sort((a, b) => a - b);

function axis(format, size) {
  const font = "12px system-ui, sans-serif";
  return {
    font, stroke: colour("dim"), size, values: format,
    grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, gap: 6,
  };
}

function bars() {
  return uPlot.paths.bars({ size: [0.75, 40], radius: 0.15 });
}

/** Where values stand between gaps: no line shows them. */
function alone(values) {
  return values.flatMap((value, at) => (value != null && values[at - 1] == null && values[at + 1] == null ? [at] : []));
}

/** series: [{label, colour, fill, bars, format}]; format of the numbers, tick of the times below, timeText of the pointer's time. */
export class Chart {
  constructor(box, { series, format, tick, counts = false, timeText, label }) {
    Object.assign(this, { box, series, format, tick, counts, timeText, label });
    this.data = [[], ...series.map(() => [])];
    this.note = h("p", { class: "empty" });
    this.tip = h("div", { class: "tip", hidden: true });
    this.frame = h("div", { role: "img", "aria-label": label });
    box.replaceChildren(this.frame, this.note, this.tip);
    new ResizeObserver(() => this.#resize()).observe(box);
    addEventListener("recolour", () => this.#draw());
    this.#draw();
    const now = Date.now() / 1000;
    this.show(this.data, { from: now - 3_600, to: now, note: "Loading …" });
  }

  /** New data, a range of x in seconds, a sentence for who can't see it, and a note where there is nothing. */
  show(data, { from, to, summary = "", note = "" }) {
    this.data = data;
    this.range = [from, to];
    this.frame.setAttribute("aria-label", summary ? `${this.label}: ${summary}` : this.label);
    if (this.note.textContent !== note) this.note.textContent = note;
    this.box.classList.toggle("nothing", note !== "");
    this.plot.setData(data, false);
    this.plot.setScale("x", { min: from, max: to });
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (width && height && (width !== this.plot.width || height !== this.plot.height)) this.plot.setSize({ width, height });
  }

  #draw() {
    this.plot?.destroy();
    const options = {
      width: this.box.clientWidth || 300, height: this.box.clientHeight || 150,
      legend: { show: false }, padding: [8, 4, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), "Etc/UTC"),
      scales: { x: { time: true, range: () => this.range ?? [0, 1] }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis((_, times) => times.map((time) => this.tick(time)), 26), space: 64, incrs: this.counts ? undefined : MINUTES },
        { ...axis((_, values) => values.map((value) => this.format(value)), 50), space: 34, incrs: this.counts ? COUNTS : undefined },
      ],
      series: [{}, ...this.series.map((each) => this.#serie(each))],
      hooks: { setCursor: [(plot) => this.#point(plot)] },
    };
    for (const each of options.axes) if (each.incrs === undefined) delete each.incrs;
    this.plot = new uPlot(options, this.data, this.frame);
    if (this.range) this.plot.setScale("x", { min: this.range[0], max: this.range[1] });
  }

  #serie(each) {
    return {
      label: each.label, stroke: colour(each.colour), width: each.bars ? 0 : 1.75,
      fill: each.bars ? colour(each.colour) : each.fill ? colour(each.colour, 0.13) : undefined,
      paths: each.bars ? bars() : undefined, spanGaps: false,
      points: each.bars ? { show: false } : { show: true, size: 5, filter: (plot, index) => alone(plot.data[index]) },
    };
  }

  #point(plot) {
    const { idx, left } = plot.cursor;
    const hidden = idx === null || idx === undefined || left < 0 || this.data[0].length === 0;
    this.tip.hidden = hidden;
    if (hidden) return;
    const lines = this.series.map((each, place) => {
      const value = this.data[place + 1][idx];
      return h("div", {}, `${each.label} `, h("b", {}, value === null || value === undefined ? "–" : (each.format ?? this.format)(value)));
    });
    this.tip.replaceChildren(h("div", { class: "dim" }, this.timeText(this.data[0][idx])), ...lines);
    const over = plot.over.offsetLeft + left;
    const room = this.box.clientWidth - this.tip.offsetWidth;
    this.tip.style.left = `${Math.max(0, Math.min(over + 12, room))}px`;
    this.tip.style.top = "0";
  }
}
