// Live thumbnails of this product: the server answers with the picture, or 202 while a worker makes it.
import { hearStatus } from "./session.js";

const RETRY_MS = 400;
const MOST_TRIES = 60;
const found = new Map();

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Anything else, such as a page that asks to sign in, is no preview. */
function isPicture(response) {
  return response.ok && (response.headers.get("Content-Type") ?? "").startsWith("image/");
}

async function ask(url, signal) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const response = await fetch(url, { signal, headers: { Accept: "image/*, application/json" } });
    hearStatus(response.status);
    if (response.status !== 202) return isPicture(response) ? response.url : null;
    await pause(RETRY_MS * Math.min(4, 1 + tries / 4));
  }
  return null;
}

/** The address of the preview picture, or null where there is none. Asked for once, then remembered. */
export async function preview(base, { set, palette }, signal) {
  const url = `${base}?${new URLSearchParams({ set, palette })}`;
  if (!found.has(url)) {
    const address = await ask(url, signal);
    if (!address) return null;
    found.set(url, address);
  }
  return found.get(url);
}

export function forgetPreviews() {
  found.clear();
}
