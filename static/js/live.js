// Parts of a page that follow the server. events.js (or its polling) dispatches "vf:job" on document with
// detail {job, batch, kind, subject, state}; every part that names one of these ids hears "refresh" and asks again:
//   <div data-live="<job id> product:<id>" hx-get="…" hx-trigger="refresh" hx-swap="outerHTML">
// A part that counts all jobs of a kind names the kind.
// A job that runs reports several times a second. That is worth a look now and then, and none to a part with
// data-live-ends, which shows only how jobs end. That a job was queued is no news to a part with data-live-waits, which
// shows that already: a look queues hundreds of them in a second. Verdicts on shots are said the same way, with the
// subject "verdicts".
import { ask } from "./renewal.js";

const WAIT_MS = 80;
const RUNNING_WAIT_MS = 1000;
const ENDS = new Set(["succeeded", "failed", "cancelled"]);

class Round {
  #parts = new Set();
  #timer = 0;
  #asked_at = -Infinity;

  constructor(wait_ms) {
    this.wait_ms = wait_ms;
  }

  add(part) {
    this.#parts.add(part);
    this.#timer ||= setTimeout(() => this.#refresh(), this.wait_ms);
  }

  /** Asks now for what was added, unless it has asked just before. */
  hurry() {
    if (performance.now() - this.#asked_at >= this.wait_ms) this.#refresh();
  }

  delete(part) {
    this.#parts.delete(part);
  }

  #refresh() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#parts.size) return;
    this.#asked_at = performance.now();
    for (const part of this.#parts) ask(part);
    this.#parts.clear();
  }
}

const soon = new Round(WAIT_MS);
const later = new Round(RUNNING_WAIT_MS);

function matching(detail) {
  const ids = [detail.job, detail.batch, detail.subject, detail.kind].filter(Boolean).map((id) => CSS.escape(id));
  return ids.flatMap((id) => [...document.querySelectorAll(`[data-live~="${id}"]`)]);
}

/**
 * Asks again for the parts that show `detail`; events in quick succession become one request a part. Somebody waits for
 * the end of a job, so the first end is looked at without waiting for more.
 */
export function look(detail) {
  for (const part of matching(detail)) {
    if (detail.state === "queued" && part.hasAttribute("data-live-waits")) continue;
    if (detail.state !== "running") {
      later.delete(part);
      soon.add(part);
    } else if (!part.hasAttribute("data-live-ends")) {
      later.add(part);
    }
  }
  if (ENDS.has(detail.state)) soon.hurry();
}

export function watchLive() {
  document.addEventListener("vf:job", (event) => look(event.detail));
}
