// What the cutout editor asks the server: a piece with its edge worked out, a new cutout in a box, and to save.
import { csrfToken, hearStatus } from "./session.js";

const SOON_MS = 250;
const MOST_TRIES = 200;

/** Until the stream says that something about `name`, a job or its subject, changed, or a moment has passed. */
function pause(name, ms) {
  return new Promise((resolve) => {
    const stop = new AbortController();
    const go = () => {
      stop.abort();
      resolve();
    };
    setTimeout(go, ms);
    document.addEventListener("vf:job", ({ detail }) => [detail.job, detail.subject].includes(name) && go(), { signal: stop.signal });
  });
}

/** `sentence` is the server's, null where it said none; the page has said already that the session is over. */
export class Refused extends Error {
  constructor(sentence, { isSignedOut = false } = {}) {
    super(sentence ?? "");
    this.sentence = sentence;
    this.isSignedOut = isSignedOut;
  }
}

async function checked(response) {
  const isSignedOut = hearStatus(response.status);
  if (response.ok && !response.redirected) return response;
  const answer = await response.json().catch(() => null);
  throw new Refused(answer?.error?.message ?? null, { isSignedOut });
}

async function ask(url, options = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken(), ...options.headers };
  try {
    return await checked(await fetch(url, { ...options, headers }));
  } catch (error) {
    if (error instanceof Refused || error.name === "AbortError") throw error;
    throw new Refused(null);
  }
}

async function post(url, document_) {
  const response = await ask(url, {
    method: "POST",
    body: JSON.stringify(document_),
    headers: { "Content-Type": "application/json" },
  });
  return response.json();
}

/** Asks again until there is an answer other than "not yet". */
async function wait(url, name, isReady) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const response = await ask(url);
    const ready = await isReady(response);
    if (ready) return ready;
    await pause(name, Math.min(2000, SOON_MS * (1 + tries / 8)));
  }
  throw new Refused(null);
}

/**
 * A piece of the preview as it looks after `strokes`, straight alpha.
 * @returns {Promise<{left: number, top: number, image: ImageData}>}
 */
export async function refinedPiece(url, { base, strokes, rect }) {
  const { left, top, right, bottom } = rect;
  const { job, picture } = await post(url, { base, strokes, window: [left, top, right - left, bottom - top] });
  const blob = await wait(picture, job, async (response) => {
    const body = await response.blob();
    return response.status === 200 ? body : null;
  });
  return { left, top, image: await pixels(blob) };
}

async function pixels(blob) {
  const bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** A new cutout inside `box`. @returns {Promise<{id: string, picture: string, window: number[]}>} */
export async function cutInBox(urls, box) {
  await ask(urls.box, { method: "POST", body: new URLSearchParams(box), headers: { "HX-Request": "true" } });
  const now = await wait(urls.now, urls.subject, async (response) => {
    const answer = await response.json();
    return answer.state === "pending" ? null : answer;
  });
  if (now.error || !now.cutout) throw new Refused(now.error);
  return now.cutout;
}

/** @returns {Promise<string>} the address of the page that shows how far it is */
export async function save(url, { base, strokes }) {
  const answer = await post(url, { base, strokes });
  return answer.product;
}
