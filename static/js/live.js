// Parts of a page that follow the server. events.js (or its polling) dispatches "vf:job" on document with
// detail {job, batch, kind, subject, state}; every part that names one of these ids hears "refresh" and asks again:
//   <div data-live="<job id> product:<id>" hx-get="…" hx-trigger="refresh" hx-swap="outerHTML">
const WAIT_MS = 80;
const waiting = new Set();
let timer = 0;

function refreshAll() {
  timer = 0;
  for (const part of waiting) {
    if (part.isConnected) window.htmx.trigger(part, "refresh");
  }
  waiting.clear();
}

function matching(detail) {
  const ids = [detail.job, detail.batch, detail.subject].filter(Boolean).map((id) => CSS.escape(id));
  return ids.flatMap((id) => [...document.querySelectorAll(`[data-live~="${id}"]`)]);
}

/** Asks again for the parts that show `detail`; events in quick succession become one request a part. */
export function look(detail) {
  for (const part of matching(detail)) waiting.add(part);
  timer ||= setTimeout(refreshAll, WAIT_MS);
}

export function watchLive() {
  document.addEventListener("vf:job", (event) => look(event.detail));
}
