// Puts the page together: the stream drives it, and tables are asked again where something came.

import { useToken } from "./api.js";
import { $, mark, say } from "./dom.js";
import { host, plural } from "./format.js";
import { live, remember } from "./hour.js";
import { countLetters } from "./letters.js";
import { showPartitions } from "./partitions.js";
import { searchFromAddress, setUpSearch } from "./search.js";
import { follow } from "./stream.js";
import { showTables } from "./tables.js";
import { showTiles } from "./tiles.js";
import { showWindows } from "./windows.js";
import { showWorkers } from "./workers.js";

const ASK_AGAIN_MS = 5_000;
let asked = { at: 0, sign: "" };
let peers = [];
let addressRead = false;

function onFleet(fleet) {
  const perSecond = Object.values(fleet.perSecond).reduce((sum, each) => sum + each, 0);
  const up = fleet.workers.filter((worker) => worker.state === "up").length;
  found(`Live, ${plural(up, "worker")}`);
  peers = fleet.workers.filter((worker) => worker.state === "up" && worker.url !== fleet.answeredBy);
  showTiles(fleet, perSecond);
  live(fleet, perSecond);
  showWorkers(fleet);
  showPartitions(fleet);
  countLetters(fleet.deadLetters);
  askAgain(fleet);
}

/** Tables are read when something was applied since, or who holds what changed; never more often than every few seconds. */
function askAgain(fleet) {
  const sign = JSON.stringify([fleet.totals, fleet.workers.map((worker) => [worker.url, worker.state, worker.notReady])]);
  if (document.hidden || sign === asked.sign || fleet.at - asked.at < ASK_AGAIN_MS) return;
  asked = { at: fleet.at, sign };
  // The newest event time comes first: it is the day that calendars and tables begin with.
  showWindows().then((eventTime) => {
    showTables(eventTime);
    if (!addressRead) searchFromAddress();
    addressRead = true;
  });
}

function found(text) {
  say($("status-text"), text);
  mark($("status"), "status live");
  $("lost").hidden = true;
  $("main").classList.remove("stale");
}

function lost(why) {
  mark($("status"), "status gone");
  say($("status-text"), why === "token" ? "A token is needed" : "No connection");
  $("main").classList.add("stale");
  asked = { at: 0, sign: "" };
  if (why === "token" || !$("lost").hidden) return;
  const others = peers.map((worker) => {
    const link = document.createElement("a");
    link.href = `${worker.url}/`;
    link.textContent = host(worker.url);
    return link;
  });
  const text = `This page lost its worker at ${location.host}. What it shows is of before; it keeps trying.`;
  $("lost").replaceChildren(text, ...(others.length ? [" Others to turn to: ", ...others.flatMap((link) => [link, " "])] : []));
  $("lost").hidden = false;
}

const retry = follow({ history: remember, fleet: onFleet, lost });

addEventListener("token-needed", ({ detail: wasGiven }) => {
  say($("token-wrong"), wasGiven ? "This token is not one of the worker's." : "");
  if (!$("token").open) $("token").showModal();
});
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken($("token-value").value.trim());
  $("token-value").value = "";
  $("token").close();
  retry();
});
setUpSearch();
