// The last hour: throughput and latency, from the workers' own memory and then live.

import { Chart } from "./charts.js";
import { $ } from "./dom.js";
import { compact, count, minuteOf, spanText, timeOf } from "./format.js";

const HOUR_S = 3_600;
const LEAST_S = 300;

let steps = { at: [], perSecond: [], p50: [], p99: [] };
let stepSeconds = 10;
let charts = null;

function made() {
  const timeText = (seconds) => timeOf(seconds * 1000);
  const tick = (seconds) => minuteOf(seconds * 1000);
  return {
    throughput: new Chart($("throughput"), {
      label: "Events a second over the last hour", format: compact, tick, timeText,
      series: [{ label: "events/s", colour: "w0", fill: true, format: count }],
    }),
    latency: new Chart($("latency"), {
      label: "Latency over the last hour", format: spanText, tick, timeText,
      series: [{ label: "half within", colour: "w0" }, { label: "99 % within", colour: "w2" }],
    }),
  };
}

/** The hour as the workers remember it; what this page saw of a worker that is gone stays. */
export function remember(history) {
  stepSeconds = history.stepSeconds;
  const known = new Map(steps.at.map((at, place) => [at, place]));
  const merged = { at: [], perSecond: [], p50: [], p99: [] };
  const times = [...new Set([...steps.at, ...history.at.map((ms) => ms / 1000)])].sort((a, b) => a - b);
  for (const at of times) {
    const told = history.at.indexOf(at * 1000);
    const own = known.get(at);
    const more = own === undefined || (told >= 0 && history.perSecond[told] >= steps.perSecond[own]);
    const [from, place] = more ? [history, told] : [steps, own];
    merged.at.push(at);
    for (const name of ["perSecond", "p50", "p99"]) merged[name].push(from[name][place]);
  }
  steps = merged;
}

let open = { at: 0, sum: 0, looks: 0, p50: null, p99: null };

export function live(fleet, perSecond) {
  charts ??= made();
  const now = fleet.at / 1000;
  const quiet = perSecond === 0 && open.sum === 0 && charts.shown;
  const step = Math.ceil(now / stepSeconds) * stepSeconds;
  if (step !== open.at) {
    close();
    open = { at: step, sum: 0, looks: 0, p50: null, p99: null };
  }
  open.sum += perSecond;
  open.looks += 1;
  open.p50 = fleet.latency.p50 ?? open.p50;
  open.p99 = fleet.latency.p99 ?? open.p99;
  // Where nothing comes, a step further is soon enough.
  if (!quiet || open.looks === 1) show(now);
}

function close() {
  if (!open.looks) return;
  if (steps.at.at(-1) !== open.at) {
    steps.at.push(open.at);
    steps.perSecond.push(open.sum / open.looks);
    steps.p50.push(open.p50);
    steps.p99.push(open.p99);
  }
  while (steps.at.length && steps.at[0] < open.at - HOUR_S) for (const column of Object.values(steps)) column.shift();
}

function show(now) {
  charts.shown = !document.hidden;
  if (document.hidden) return;
  const at = [...steps.at, now];
  const from = Math.max(now - HOUR_S, Math.min(at[0], now - LEAST_S));
  const rates = [...steps.perSecond, open.sum / open.looks];
  const p50 = [...steps.p50, open.p50];
  const p99 = [...steps.p99, open.p99];
  const most = Math.max(...rates);
  charts.throughput.show([at, rates], {
    from, to: now, summary: `now ${count(rates.at(-1))}, at most ${count(most)}`, note: most > 0 ? "" : "Nothing came yet",
  });
  const any = p99.some((value) => value !== null);
  charts.latency.show([at, p50, p99], {
    from, to: now, summary: any ? `now ${spanText(p50.at(-1))} for half, ${spanText(p99.at(-1))} for 99 %` : "no recent events",
    note: any ? "" : "No recent events: records older than an hour are left out",
  });
}
