// Questions to the worker that serves this page, with the token where one is needed.

const KEY = "stayshelf-token";
let token = null;
try {
  token = sessionStorage.getItem(KEY);
} catch { /* it holds for this page */ }

export class Refusal extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `status ${status}`);
    this.status = status;
  }
}

export function useToken(value) {
  token = value;
  try {
    sessionStorage.setItem(KEY, value);
  } catch { /* it holds for this page */ }
}

/** The response; asks for a token where ours is not taken, and throws a Refusal for every error. */
export async function open(path, options = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(path, { ...options, headers, cache: "no-store" }).catch((error) => {
    throw error.name === "AbortError" ? error : new Refusal(0, { detail: "the worker does not answer" });
  });
  if (response.ok) return response;
  if (response.status === 401) dispatchEvent(new CustomEvent("token-needed", { detail: token !== null }));
  const problem = await response.json().catch(() => null);
  throw new Refusal(response.status, problem);
}

export const get = async (path) => (await open(path)).json();

/** A path with its parameters; those that are null are left out. */
export function path(base, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== "");
  return given.length ? `${base}?${new URLSearchParams(given)}` : base;
}

export const id = encodeURIComponent;
