// Partitions as strips of cells: the colour is how far behind, the foot is who holds it; moves are seen and noted.

import { $, h, mark, say } from "./dom.js";
import { count, host, plural, timeOf } from "./format.js";

const NAMES = { bookings: "Bookings", inventory: "Inventory", payments: "Payments" };
const MOVES_MAX = 100;
const strips = {};
const owners = {};
const places = new Map();

/** A worker keeps its colour as long as the page is open. */
export function hue(url) {
  if (!places.has(url)) places.set(url, places.size % 8);
  return places.get(url);
}

function heat(lag) {
  if (lag === null) return "none";
  return lag < 1 ? 0 : lag < 100 ? 1 : lag < 1_000 ? 2 : lag < 10_000 ? 3 : 4;
}

function strip(group, partitions) {
  const cells = partitions.map((_, number) => {
    const parts = { text: h("b", {}, String(number)), foot: h("i", {}) };
    parts.box = h("div", { class: "cell lag-none" }, parts.text, parts.foot);
    return parts;
  });
  const note = h("p", {});
  const row = h("div", { class: "strip", role: "img" }, cells.map((cell) => cell.box));
  $("partitions").append(h("div", { class: "group", id: `group-${group}` }, h("div", {}, h("h3", {}, NAMES[group] ?? group), note), row));
  return { cells, note, row };
}

export function showPartitions(fleet) {
  const urls = fleet.workers.map((worker) => worker.url);
  const moves = [];
  for (const [group, partitions] of Object.entries(fleet.partitions)) {
    const found = (strips[group] ??= strip(group, partitions));
    const before = (owners[group] ??= []);
    partitions.forEach((partition, number) => {
      const owner = partition.active === null ? null : urls[partition.active];
      const moved = owner !== null && before[number] !== undefined && before[number] !== owner;
      if (moved) moves.push([group, number, before[number], owner]);
      if (owner !== null) before[number] = owner;
      paint(found.cells[number], { partition, owner, moved, standbys: partition.standbys.map((place) => urls[place]) });
    });
    sum(found, group, partitions);
  }
  if (moves.length) note(moves, fleet.at);
}

function paint(cell, { partition, owner, moved, standbys }) {
  const kind = `cell lag-${heat(partition.lag)}${partition.ready || owner === null ? "" : " restoring"}`;
  if (moved) {
    cell.until = Date.now() + 5_000;
    cell.box.classList.remove("moved");
  }
  mark(cell.box, cell.until > Date.now() ? `${kind} moved` : kind);
  mark(cell.foot, owner === null ? "" : `h${hue(owner)}`);
  const lag = partition.lag === null ? "lag unknown" : `${plural(partition.lag, "record")} behind`;
  const held = owner === null ? "held by nobody" : `held by ${host(owner)}${partition.ready ? "" : ", restoring"}`;
  const title = `Partition ${cell.text.textContent}: ${lag}, ${held}${standbys.length ? `, standby ${standbys.map(host).join(", ")}` : ""}`;
  if (cell.box.title !== title) cell.box.title = title;
}

function sum(found, group, partitions) {
  const behind = partitions.reduce((total, partition) => total + (partition.lag ?? 0), 0);
  const worst = Math.max(...partitions.map((partition) => partition.lag ?? 0));
  const lost = partitions.filter((partition) => partition.active === null).length;
  const text = lost ? `${plural(lost, "partition")} without a holder` : behind ? `${count(behind)} behind` : "up to date";
  say(found.note, text);
  const label = `${NAMES[group] ?? group}, ${partitions.length} partitions: ${text}, at most ${count(worst)} in one`;
  if (found.row.getAttribute("aria-label") !== label) found.row.setAttribute("aria-label", label);
}

let total = 0;

function note(moves, at) {
  const grouped = Map.groupBy ? Map.groupBy(moves, ([group, , from, to]) => `${group}\n${from}\n${to}`) : new Map(moves.map((move) => [move.join("\n"), [move]]));
  const lines = [...grouped.values()].map((same) => {
    const [group, , from, to] = same[0];
    const numbers = same.map(([, number]) => number).join(", ");
    return h("li", {}, h("time", {}, timeOf(at)), `${NAMES[group] ?? group} ${numbers}: ${host(from)} → ${host(to)}`);
  });
  total += moves.length;
  const list = $("moves-list");
  list.prepend(...lines);
  while (list.childElementCount > MOVES_MAX) list.lastElementChild.remove();
  say($("moves-count"), count(total));
  $("moves").open ||= total === moves.length;
}
