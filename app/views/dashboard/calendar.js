// A hotel's availability as calendar months: free rooms night by night, of one room type or all.

import { h } from "./dom.js";
import { count, plural, weekdayText } from "./format.js";

const WEEKDAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const MONTHS_SHOWN = 3;
const monthName = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
const TIGHT = 0.2;

export function hotelCalendar(nights, today) {
  const types = [...new Set(nights.map((night) => night.roomType))].sort();
  let first = startMonth(nights, today);
  let type = "";
  const months = h("div", { class: "months" });
  const draw = () => months.replaceChildren(...Array.from({ length: MONTHS_SHOWN }, (_, place) => month(shift(first, place), byDate(nights, type))));
  const move = (by) => () => {
    first = shift(first, by);
    draw();
  };
  const select = h("select", {
    "aria-label": "Room type",
    change: (event) => {
      type = event.target.value;
      draw();
    },
  }, h("option", { value: "" }, "All room types"), types.map((each) => h("option", { value: each }, each)));
  draw();
  return h("div", { class: "calendar" },
    h("div", { class: "calendar-head" }, h("h3", {}, "Hotel: rooms free, night by night"), select,
      h("button", { type: "button", click: move(-1), "aria-label": "Earlier" }, "←"),
      h("button", { type: "button", click: move(1), "aria-label": "Later" }, "→")),
    months);
}

/** The month of today where there is anything from then on, else that of the last night. */
function startMonth(nights, today) {
  const last = (nights.findLast((night) => night.sold > 0) ?? nights.at(-1)).date;
  const now = new Date(today).toISOString().slice(0, 10);
  return (last < now ? last : now < nights[0].date ? nights[0].date : now).slice(0, 7);
}

function shift(text, by) {
  const [year, number] = text.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
}

/** Sums over room types: free is null where no capacity is known. */
function byDate(nights, type) {
  const found = new Map();
  for (const night of nights) {
    if (type && night.roomType !== type) continue;
    const sum = found.get(night.date) ?? { capacity: 0, sold: 0, free: null, over: 0, closed: true };
    sum.sold += night.sold;
    sum.capacity += night.capacity ?? 0;
    if (night.available !== null) sum.free = (sum.free ?? 0) + night.available;
    if (night.overbooked) sum.over += night.sold - night.capacity;
    sum.closed &&= night.closed;
    found.set(night.date, sum);
  }
  return found;
}

function month(text, found) {
  const [year, number] = text.split("-").map(Number);
  const days = new Date(Date.UTC(year, number, 0)).getUTCDate();
  const offset = (new Date(Date.UTC(year, number - 1, 1)).getUTCDay() + 6) % 7;
  const cells = [...Array(offset).fill(null), ...Array.from({ length: days }, (_, day) => `${text}-${String(day + 1).padStart(2, "0")}`)];
  while (cells.length % 7) cells.push(null);
  const weeks = Array.from({ length: cells.length / 7 }, (_, week) => h("tr", {}, cells.slice(week * 7, week * 7 + 7).map((date) => cell(date, found.get(date)))));
  return h("table", { class: "month" }, h("caption", {}, monthName.format(Date.UTC(year, number - 1, 1))),
    h("thead", {}, h("tr", {}, WEEKDAYS.map((day) => h("th", { scope: "col" }, day)))), h("tbody", {}, weeks));
}

function cell(date, night) {
  if (date === null) return h("td", { class: "none" });
  const day = h("span", { class: "date", "aria-hidden": "true" }, String(Number(date.slice(8))));
  if (!night) return h("td", { title: `${weekdayText(date)}: nothing known` }, day);
  const { kind, text, said } = state(night);
  return h("td", { class: kind, title: `${weekdayText(date)}: ${said}` }, day,
    h("span", { class: "free", "aria-hidden": "true" }, text), h("span", { class: "hidden" }, `${weekdayText(date)}: ${said}`));
}

function state({ capacity, sold, free, over, closed }) {
  if (over) return { kind: "over", text: `+${count(over)}`, said: `${plural(over, "room")} sold beyond capacity, ${count(sold)} sold of ${count(capacity)}` };
  if (closed) return { kind: "full", text: "×", said: `closed, ${count(sold)} sold` };
  if (free === null) return { kind: "", text: "?", said: `${count(sold)} sold, capacity unknown` };
  const said = `${plural(free, "room")} free, ${count(sold)} sold of ${count(capacity)}`;
  return { kind: free === 0 ? "full" : free <= capacity * TIGHT ? "tight" : "open", text: count(free), said };
}
