// Live thumbnails of this product: the server answers with the picture's address, or 202 while a worker makes it.
// However many parts of the page want a picture, it is asked for once; asking again waits for the job to end. A page that
// is left says which pictures nobody waits for any more: workers have better things to do.
import { jobEnd } from "./job-end.js";
import { csrfToken, hearStatus } from "./session.js";

const MOST_TRIES = 40;
const found = new Map(); // address asked -> promise of the picture's address, or null where there is none
const making = new Map(); // job that is waited for -> where its pictures are asked for
let asking = new AbortController();

addEventListener("pagehide", () => {
  for (const base of new Set(making.values())) leave(base);
  forgetPreviews(); // a page that comes back by the browser's button asks again
});

function leave(base) {
  const form = new FormData();
  form.append("csrfmiddlewaretoken", csrfToken());
  for (const [job, where] of making) if (where === base) form.append("job", job);
  navigator.sendBeacon(`${base}/leave`, form);
}

async function ask(base, url, { signal }) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
    const answer = await response.json().catch(() => ({}));
    hearStatus(response.status);
    if (response.status !== 202) return response.ok ? answer.url : null;
    if (answer.job) making.set(answer.job, base);
    await jobEnd(answer.job, { tries, signal });
    making.delete(answer.job);
  }
  return null;
}

async function askOnce(base, url) {
  try {
    return await ask(base, url, asking);
  } catch {
    return null; // the server is away, or nobody wants the picture any more
  }
}

/**
 * The address of the preview picture, or null where there is none, which may be another answer next time.
 * @param {{set: string, palette: string, format?: string, camera?: string, mood?: string}} wish what is empty is left out
 */
export async function preview(base, wish) {
  const url = `${base}?${new URLSearchParams(Object.entries(wish).filter(([_, value]) => value))}`;
  if (!found.has(url)) found.set(url, askOnce(base, url));
  const address = await found.get(url);
  if (!address) found.delete(url);
  return address;
}

/** What was found is out of date, and what was asked for is not wanted any more. */
export function forgetPreviews() {
  asking.abort();
  asking = new AbortController();
  found.clear();
}
