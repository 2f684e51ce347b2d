// Building and changing the page: text always as text, and nothing touched that stays as it is.

export const $ = (id) => document.getElementById(id);

/** An element; attributes that are null or false are left out, functions are listeners. */
export function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function mark(node, className) {
  if (node.className !== className) node.className = className;
}

/** A table of rows that are arrays of texts or nodes; columns are [title, isNumber]. */
export function table(columns, rows, caption) {
  const kind = (place) => (columns[place][1] ? "number" : null);
  return h("table", {},
    h("caption", { class: "hidden" }, caption),
    h("thead", {}, h("tr", {}, columns.map(([title], place) => h("th", { scope: "col", class: kind(place) }, title)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, place) => h("td", { class: kind(place) }, cell))))));
}

export const empty = (text) => h("p", { class: "empty-note" }, text);

/** A button that looks like a link and searches for an id. */
export function seek(id) {
  return h("button", {
    type: "button", class: "link", title: `Search for ${id}`,
    click: () => dispatchEvent(new CustomEvent("seek", { detail: id })),
  }, id);
}
