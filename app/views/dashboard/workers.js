// The workers: who answers, what each holds, and how far a restore is.

import { $, h, mark, say } from "./dom.js";
import { count, host, plural, rate } from "./format.js";
import { hue } from "./partitions.js";

const cards = new Map();
const most = new Map();

function card(url) {
  const parts = { state: h("span", { class: "state" }), holds: h("p", {}), work: h("p", {}), bar: h("progress", { max: 1, hidden: true, "aria-label": `Restore of ${host(url)}` }) };
  parts.box = h("li", { class: "worker" }, h("h3", {}, h("a", { href: `${url}/` }, host(url)), parts.state), parts.holds, parts.work, parts.bar);
  return parts;
}

function stateOf(worker) {
  if (worker.state === "gone") return ["left", "bad"];
  if (worker.state === "silent") return ["does not answer", "bad"];
  if (!worker.inTouch) return ["out of touch with its group", "bad"];
  return worker.notReady ? ["restoring", ""] : ["ready", "good"];
}

export function showWorkers(fleet) {
  const urls = fleet.workers.map((worker) => worker.url);
  for (const url of cards.keys()) if (!urls.includes(url)) {
    cards.get(url).box.remove();
    cards.delete(url);
  }
  fleet.workers.forEach((worker, place) => {
    if (!cards.has(worker.url)) {
      cards.set(worker.url, card(worker.url));
      $("workers").insertBefore(cards.get(worker.url).box, $("workers").children[place] ?? null);
    }
    paint(cards.get(worker.url), worker);
  });
  say($("answered-by"), `this page is served by ${host(fleet.answeredBy)}`);
}

function paint(parts, worker) {
  const [state, kind] = stateOf(worker);
  mark(parts.box, `worker ${worker.state} b${hue(worker.url)}`);
  mark(parts.state, `state ${kind}`.trim());
  say(parts.state, state);
  const copies = worker.active + worker.standby;
  say(parts.holds, copies ? `${plural(worker.active, "partition")} active, ${count(worker.standby)} standby` : "holds nothing");
  const left = Object.values(worker.restoring).reduce((sum, records) => sum + records, 0);
  const [number, unit] = rate(worker.perSecond);
  say(parts.work, worker.notReady ? `${count(worker.notReady)} of ${count(copies)} copies to restore${left ? `, ${plural(left, "record")} left` : ""}` : `${number} ${unit}`);
  progress(parts.bar, worker, { copies, left });
}

/** By records where the worker tells them, else by copies. */
function progress(bar, worker, { copies, left }) {
  bar.hidden = worker.notReady === 0;
  if (bar.hidden) {
    most.delete(worker.url);
    return;
  }
  const highest = Math.max(most.get(worker.url) ?? 0, left);
  most.set(worker.url, highest);
  bar.value = highest > 0 ? 1 - left / highest : 1 - worker.notReady / copies;
}
