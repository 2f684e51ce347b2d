// The server-sent events of /v1/live, read with fetch: EventSource can't send a token.

import { open } from "./api.js";

const SILENT_MS = 5_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000];

/** Calls on.history, on.fleet, on.lost(why) for ever; returns a function that tries again at once. */
export function follow(on) {
  let tries = 0;
  let wake = () => {};
  (async () => {
    for (;;) {
      let why = "the stream ended";
      try {
        await listen((name, data) => {
          tries = 0;
          on[name]?.(data);
        });
      } catch (error) {
        why = error.status === 401 ? "token" : error.name === "AbortError" ? "it fell silent" : error.message;
      }
      const wait = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
      tries += 1;
      on.lost(why);
      await new Promise((resolve) => {
        wake = resolve;
        if (why !== "token") setTimeout(resolve, wait);
      });
    }
  })();
  return () => wake();
}

async function listen(tell) {
  const abort = new AbortController();
  let guard = setTimeout(() => abort.abort(), SILENT_MS);
  try {
    const reader = (await open("/v1/live", { signal: abort.signal })).body
      .pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(guard);
      guard = setTimeout(() => abort.abort(), SILENT_MS);
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        if (name) tell(name, JSON.parse(data));
      }
    }
  } finally {
    clearTimeout(guard);
    abort.abort();
  }
}
