// /docs: asks the worker what a form says, and opens what a link points to.

import { open, path, useToken } from "./api.js";

const SHOWN = 20_000;

async function ask(form) {
  const out = form.parentElement.querySelector("pre");
  let place = form.dataset.path;
  const query = {};
  for (const input of form.querySelectorAll("input")) {
    if (input.dataset.in === "path") place = place.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else query[input.name] = input.value;
  }
  const url = path(place, query);
  out.hidden = false;
  out.textContent = `GET ${url}\n`;
  try {
    if (place === "/v1/live") throw new Error("this stream has no end: open the dashboard to see it");
    const text = await (await open(url)).text();
    out.textContent += pretty(text).slice(0, SHOWN);
  } catch (error) {
    out.textContent += `${error.status ?? ""} ${error.message}`.trim();
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.tagName === "DETAILS") target.open = true;
}

addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.id === "token-form") useToken(event.target.querySelector("input").value.trim());
  else ask(event.target);
});
addEventListener("hashchange", reveal);
reveal();
