// The numbers at the top.

import { $, h, mark, say } from "./dom.js";
import { count, plural, rate, span, spanText } from "./format.js";

const NAMES = {
  rate: "Throughput", latency: "Latency", behind: "Behind", workers: "Workers", applied: "Applied",
  letters: "Dead letters", overbooked: "Overbooked", negative: "Below zero",
};
const tiles = {};

function made() {
  for (const [name, title] of Object.entries(NAMES)) {
    const parts = { number: h("span", { id: `tile-${name}` }, "–"), unit: h("span", { class: "unit" }), note: h("p", { class: "note" }) };
    parts.box = h("div", { class: "tile" }, h("h2", {}, title), h("p", { class: "value" }, parts.number, parts.unit), parts.note);
    tiles[name] = parts;
  }
  $("tiles").append(...Object.values(tiles).map((tile) => tile.box));
}

function set(name, [number, unit], note, kind = "") {
  const tile = tiles[name];
  say(tile.number, number);
  say(tile.unit, unit);
  say(tile.note, note);
  mark(tile.box, `tile ${kind}`.trim());
}

export function showTiles(fleet, perSecond) {
  const { totals, latency, workers, partitions } = fleet;
  const lags = Object.values(partitions).flat().map((partition) => partition.lag);
  const known = lags.filter((lag) => lag !== null);
  const behind = known.reduce((sum, lag) => sum + lag, 0);
  const up = workers.filter((worker) => worker.state === "up" && worker.inTouch);
  const waiting = up.reduce((sum, worker) => sum + worker.notReady, 0);
  const down = workers.length - up.length;

  set("rate", rate(perSecond), `${count(totals.consumed)} read in all`);
  set("latency", span(latency.p50), latency.p99 === null ? "no recent events" : `99 % within ${spanText(latency.p99)}`);
  set("behind", [count(behind), behind === 1 ? "event" : "events"],
    known.length < lags.length ? `${plural(lags.length - known.length, "partition")} unknown` : behind ? "being caught up" : "up to date",
    behind > 10_000 ? "alarm" : behind > 1_000 || known.length < lags.length ? "heed" : "");
  set("workers", [count(up.length), down ? `of ${workers.length}` : ""],
    waiting ? `${plural(waiting, "copy").replace("copys", "copies")} restoring` : down ? `${down} not answering` : "all restored",
    down ? "alarm" : waiting ? "heed" : "");
  set("applied", [count(totals.applied), ""], `${plural(totals.duplicates, "duplicate")}, ${count(totals.ignored)} ignored`);
  set("letters", [count(totals.deadLetters), ""], totals.retries ? `${count(totals.retries)} retried` : totals.deadLetters ? "could not be applied" : "all could be applied", totals.deadLetters ? "heed" : "");
  set("overbooked", [count(totals.overbookedNights), totals.overbookedNights === 1 ? "night" : "nights"], "sold beyond capacity", totals.overbookedNights ? "heed" : "");
  set("negative", [count(totals.negativeStockRows), totals.negativeStockRows === 1 ? "item" : "items"], "stock to be counted", totals.negativeStockRows ? "heed" : "");
}

made();
