// Search: one id, asked for as a store, a hotel, a booking and a payment at once.

import { get, id, path } from "./api.js";
import { hotelCalendar } from "./calendar.js";
import { $, empty, h, seek, table } from "./dom.js";
import { count, dayText, DAY_MS, isoDay, momentOf, money } from "./format.js";
import { today } from "./tables.js";

const ITEMS = 100;
const BEFORE_DAYS = 365;
const SPAN_DAYS = 731;
const SPANS_BACK = 6;

export function setUpSearch() {
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    search($("query").value.trim());
  });
  addEventListener("seek", ({ detail }) => {
    $("query").value = detail;
    search(detail);
  });
  $("found-close").addEventListener("click", close);
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      $("query").focus();
    } else if (event.key === "Escape" && !$("found").hidden) close();
  });
}

/** Searches for the id in the page's address, where one stands there. */
export function searchFromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1)).get("id");
  if (asked && $("found").hidden) dispatchEvent(new CustomEvent("seek", { detail: asked }));
}

function close() {
  $("found").hidden = true;
  history.replaceState(null, "", location.pathname);
  $("query").focus();
}

async function search(wanted) {
  if (!wanted) return;
  history.replaceState(null, "", `#${new URLSearchParams({ id: wanted })}`);
  $("found").hidden = false;
  $("found-title").textContent = wanted;
  $("found-body").replaceChildren(empty("Asking the workers …"));
  const answers = await Promise.allSettled([store(wanted), hotel(wanted), booking(wanted), payment(wanted)]);
  if ($("found-title").textContent !== wanted) return;
  const parts = answers.filter(({ status, value }) => status === "fulfilled" && value).map(({ value }) => value);
  const failed = answers.filter(({ status, reason }) => status === "rejected" && reason.status !== 404).map(({ reason }) => reason.message);
  if (failed.length) parts.push(h("p", { class: "bad" }, `Not everything could be read now: ${[...new Set(failed)].join("; ")}`));
  const nothing = empty("No store, hotel, booking or payment with this id is known.");
  $("found-body").replaceChildren(parts.length ? h("div", { class: "results" }, parts) : nothing);
  $("found").focus({ preventScroll: true });
  $("found").scrollIntoView({ block: "nearest" });
}

function facts(title, entries) {
  return h("div", {}, h("h3", {}, title), h("dl", { class: "facts" }, entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

const badge = (status) => h("span", { class: `badge ${status}` }, status.toLowerCase());

async function store(wanted) {
  const { items, next } = await get(path(`/v1/stores/${id(wanted)}/stock`, { limit: ITEMS }));
  if (!items.length) return null;
  const rows = items.map((row) => [
    row.itemId, h("span", { class: row.onHand < 0 ? "bad" : null }, count(row.onHand)), count(row.sold), count(row.received),
    row.countedAt === null ? "never" : momentOf(row.countedAt), row.recount ? h("span", { class: "badge over" }, "count again") : "",
  ]);
  const columns = [["Item"], ["On hand", true], ["Sold", true], ["Received", true], ["Counted"], [""]];
  const shown = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Stock of ${wanted}` }, table(columns, rows, `Stock of ${wanted}`));
  return h("div", {}, h("h3", {}, `Store: ${next === null ? count(items.length) : `the first ${count(items.length)}`} items, in units`), shown);
}

/** The nights around today; where there are none, the newest before. */
async function hotel(wanted) {
  for (let back = 0; back < SPANS_BACK; back += 1) {
    const from = today() - (BEFORE_DAYS + back * SPAN_DAYS) * DAY_MS;
    const span = { from: isoDay(from), to: isoDay(from + SPAN_DAYS * DAY_MS) };
    const { nights } = await get(path(`/v1/hotels/${id(wanted)}/availability`, span));
    if (nights.length) return hotelCalendar(nights, today());
  }
  return null;
}

async function booking(wanted) {
  const row = await get(`/v1/bookings/${id(wanted)}`);
  return facts("Booking", [
    ["Status", badge(row.status)], ["Hotel", seek(row.hotelId)], ["Room", `${count(row.rooms)} × ${row.roomType}`],
    ["Arrival", dayText(row.checkIn)], ["Departure", dayText(row.checkOut)], ["Amount", `${row.currency} ${row.totalAmount.toFixed(2)}`],
    ["Region", row.region], ["Last change", momentOf(row.updatedAt)],
  ]);
}

async function payment(wanted) {
  const row = await get(`/v1/payments/${id(wanted)}`);
  return facts("Payment", [
    ["Status", badge(row.status)], ["Amount", money(row.amountMinor, row.currency)], ["Method", row.method],
    ["Booking", seek(row.bookingId)], ["Last change", momentOf(row.updatedAt)],
  ]);
}
