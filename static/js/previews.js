// Live thumbnails of this product: the server answers with the picture's address, or 202 while a worker makes it.
// However many parts of the page want a picture, it is asked for once; asking again waits for the job to end.
import { jobEnd } from "./job-end.js";
import { hearStatus } from "./session.js";

const MOST_TRIES = 40;
const found = new Map(); // address asked -> promise of the picture's address, or null where there is none
let leaving = new AbortController();

addEventListener("pagehide", () => {
  leaving.abort();
  leaving = new AbortController(); // a page that comes back by the browser's button asks again
  found.clear();
});

async function ask(url, { signal }) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
    const answer = await response.json().catch(() => ({}));
    hearStatus(response.status);
    if (response.status !== 202) return response.ok ? answer.url : null;
    await jobEnd(answer.job, { tries, signal });
  }
  return null;
}

async function askOnce(url) {
  try {
    return await ask(url, leaving);
  } catch {
    return null; // the server is away, or the page is left
  }
}

/**
 * The address of the preview picture, or null where there is none, which may be another answer next time.
 * @param {{set: string, palette: string, format?: string, camera?: string, mood?: string}} wish what is empty is left out
 */
export async function preview(base, wish) {
  const url = `${base}?${new URLSearchParams(Object.entries(wish).filter(([_, value]) => value))}`;
  if (!found.has(url)) found.set(url, askOnce(url));
  const address = await found.get(url);
  if (!address) found.delete(url);
  return address;
}

export function forgetPreviews() {
  found.clear();
}
