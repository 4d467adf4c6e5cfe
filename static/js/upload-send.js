// Sends one file: to this site, or with a signed form to the object storage.
import { csrfToken, hearStatus } from "./session.js";

function headers(more = {}) {
  return { Accept: "application/json", "X-CSRFToken": csrfToken(), ...more };
}

/** What went wrong, as a sentence of the server or null where it said none; `again` tells whether trying again may help. */
export class SendFailed extends Error {
  constructor(message, { again, isSignedOut = false }) {
    super(message ?? "");
    this.sentence = message;
    this.again = again;
    this.isSignedOut = isSignedOut;
  }
}

function failure(status, answer) {
  const isSignedOut = hearStatus(status);
  const again = isSignedOut || status === 0 || status === 429 || status >= 500;
  return new SendFailed(answer?.error?.message ?? null, { again, isSignedOut });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Posts with progress; fetch can not report how much it has sent. */
function post(url, form, { signal, onProgress, headers: sent = {} }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(sent)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      const answer = parse(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(answer);
      else reject(failure(request.status, answer));
    });
    request.addEventListener("error", () => reject(failure(0, null)));
    request.addEventListener("timeout", () => reject(failure(0, null)));
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

async function ask(url, values, { signal, sent = headers() } = {}) {
  try {
    const response = await fetch(url, { method: "POST", body: new URLSearchParams(values), headers: sent, signal });
    const text = await response.text();
    // A redirect leads to another page, such as the sign-in: not what was asked for.
    if (!response.ok || response.redirected) throw failure(response.ok ? 0 : response.status, parse(text));
    return text;
  } catch (error) {
    if (error.name === "AbortError" || error instanceof SendFailed) throw error;
    throw failure(0, null);
  }
}

/** An answer without an asset is not one of ours, whatever its status says. */
function accepted(answer) {
  if (!answer?.asset) throw failure(0, null);
  return answer;
}

async function sendHere(url, file, options) {
  const form = new FormData();
  form.append("file", file, file.name);
  return accepted(await post(url, form, { ...options, headers: headers() }));
}

async function sendToStorage(url, file, options) {
  const ticket = parse(await ask(`${url}ticket`, { name: file.name, size: String(file.size) }, options));
  if (ticket.mode === "direct") return sendHere(ticket.url, file, options);
  const form = new FormData();
  for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value);
  form.append("file", file); // the storage ignores every field after the file
  await post(ticket.url, form, options);
  return accepted(parse(await ask(ticket.complete, {}, options)));
}

/**
 * @param {File} file
 * @param {{url: string, mode: "direct"|"s3", signal: AbortSignal, onProgress: (fraction: number) => void}} options
 * @returns {Promise<{asset: string, duplicate: boolean}>}
 * @throws {SendFailed|DOMException} AbortError when `signal` was aborted
 */
export function send(file, { url, mode, ...options }) {
  return mode === "s3" ? sendToStorage(url, file, options) : sendHere(url, file, options);
}

/** Makes photos into products. @returns {Promise<string>} their cards as HTML, in the order of `assets` */
export function createProducts(url, assets) {
  const sent = headers({ Accept: "text/html", "HX-Request": "true" });
  return ask(url, assets.map((asset) => ["asset", asset]), { sent });
}
