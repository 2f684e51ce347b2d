// Overbooked nights and low stock.

import { get, path } from "./api.js";
import { $, empty, h, seek, table } from "./dom.js";
import { count, DAY_MS, dateOf, dayText, isoDay } from "./format.js";

const BEFORE_DAYS = 92;
const SPAN_DAYS = 731;
const ROWS = 50;
let eventDay = null;

/** The day things happen on: today, or where only old events came, the day of the newest. */
export const today = () => eventDay ?? Math.floor(Date.now() / DAY_MS) * DAY_MS;

function know(ids) {
  const list = $("known");
  const known = new Set([...list.children].map((option) => option.value));
  const fresh = [...new Set(ids)].filter((id) => !known.has(id)).slice(0, 200 - known.size);
  list.append(...fresh.map((value) => h("option", { value })));
}

async function overbooked() {
  const from = today() - BEFORE_DAYS * DAY_MS;
  const { nights } = await get(path("/v1/overbooked", { from: isoDay(from), to: isoDay(from + SPAN_DAYS * DAY_MS), limit: ROWS }));
  $("overbooked-span").textContent = `two years from ${dateOf(from)}`;
  const rows = nights.map((night) => [
    dayText(night.date), seek(night.hotelId), night.roomType, count(night.sold), count(night.capacity),
    h("span", { class: "bad" }, `+${count(night.sold - night.capacity)}`),
  ]);
  const columns = [["Night"], ["Hotel"], ["Room"], ["Sold", true], ["Rooms", true], ["Over", true]];
  $("overbooked").replaceChildren(rows.length ? table(columns, rows, "Overbooked nights") : empty("No night is sold beyond capacity."));
  know(nights.map((night) => night.hotelId));
}

async function lowStock() {
  const threshold = $("threshold").value;
  const { items } = await get(path("/v1/low-stock", { threshold, limit: ROWS }));
  const rows = items.map((item) => [
    seek(item.storeId), item.itemId, h("span", { class: item.onHand < 0 ? "bad" : null }, count(item.onHand)),
  ]);
  const columns = [["Store"], ["Item"], ["On hand, units", true]];
  $("low").replaceChildren(rows.length ? table(columns, rows, "Items about to run out") : empty(`Nothing at or below ${threshold} units.`));
  know(items.map((item) => item.storeId));
}

async function guarded(box, ask) {
  try {
    await ask();
  } catch (error) {
    box.replaceChildren(empty(error.status === 401 ? "A token is needed." : `Can't be read now: ${error.message}`));
  }
}

export async function showTables(eventTime) {
  if (eventTime !== null) eventDay = Date.now() - eventTime < 2 * DAY_MS ? null : Math.floor(eventTime / DAY_MS) * DAY_MS;
  await Promise.all([guarded($("overbooked"), overbooked), guarded($("low"), lowStock)]);
}

$("threshold").addEventListener("change", () => guarded($("low"), lowStock));
