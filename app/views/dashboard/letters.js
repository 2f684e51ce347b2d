// Dead letters by reason, with a look at where they come from and why; never at what they hold.

import { get, path } from "./api.js";
import { $, empty, h } from "./dom.js";
import { count, momentOf, plural } from "./format.js";

const SHOWN = 50;
let drawn = "";
let chosen = null;

export function countLetters(letters) {
  const sign = JSON.stringify(letters);
  if (sign === drawn) return;
  drawn = sign;
  draw(letters);
}

function draw(letters) {
  const box = $("letters");
  if (!letters.length) {
    box.replaceChildren(empty("Every event could be applied."));
    return;
  }
  const most = Math.max(...letters.map((letter) => letter.count));
  const rows = [...letters].sort((a, b) => b.count - a.count).map((letter) => h("li", {}, row(letter, most)));
  const list = box.querySelector(".letter-list") ?? h("div", { class: "letter-list", "aria-live": "polite" });
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  box.replaceChildren(h("ul", { class: "ranks" }, rows), list);
  if (focused) box.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function row({ topic, reason, count: number }, most) {
  const key = `${topic} ${reason}`;
  return h("button", {
    type: "button", class: "rank", "data-key": key, "aria-pressed": String(key === chosen), title: `${topic}: ${reason}`,
    click: () => look(key, { topic, reason }),
  },
  h("span", {}, reason, h("small", { class: "dim" }, ` ${topic.replace("-events", "")}`)), h("meter", { min: 0, max: most, value: number, "aria-label": `${topic}, ${reason}: ${plural(number, "letter")}` }),
  h("span", { class: "number" }, count(number)));
}

async function look(key, { topic, reason }) {
  const list = $("letters").querySelector(".letter-list");
  chosen = key === chosen ? null : key;
  for (const button of $("letters").querySelectorAll(".rank")) button.setAttribute("aria-pressed", String(button.dataset.key === chosen));
  if (chosen === null) {
    list.replaceChildren();
    return;
  }
  list.replaceChildren(empty("Reading the newest letters …"));
  try {
    const { letters } = await get(path("/v1/dead-letters", { topic, reason, limit: SHOWN }));
    if (key !== chosen) return;
    list.replaceChildren(letters.length ? h("ul", {}, letters.map(line)) : empty("None of the newest letters has this reason (any more)."));
  } catch (error) {
    list.replaceChildren(empty(`Can't be read now: ${error.message}`));
  }
}

function line(letter) {
  return h("li", {}, h("div", {}, letter.error),
    h("div", { class: "dim" }, `${letter.topic}, partition ${letter.partition}, offset ${count(letter.offset)}, ${momentOf(letter.timestamp)}, tried ${plural(letter.attempts, "time")}`));
}
