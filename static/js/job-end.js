// Waiting for a job to end: the event says so at once, and a pause that grows stands in for events that do not come.
const ENDED = ["succeeded", "failed", "cancelled"];
const PAUSES_MS = [800, 1500, 2500, 4000];
const MOST_KEPT = 200;
const ended = new Set(); // may be heard before the answer that names the job has arrived
const waiting = new Map();

document.addEventListener("vf:job", ({ detail }) => {
  if (!ENDED.includes(detail.state)) return;
  ended.add(detail.job);
  if (ended.size > MOST_KEPT) ended.delete(ended.values().next().value);
  for (const go of waiting.get(detail.job) ?? []) go();
});

/** Until the job ended or it is time to ask again; `tries` is how often that was waited for. Never rejects. */
export function jobEnd(job, { tries = 0, signal } = {}) {
  if (ended.delete(job)) return Promise.resolve();
  return new Promise((resolve) => {
    const waiters = waiting.get(job) ?? new Set();
    waiting.set(job, waiters);
    const go = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", go);
      waiters.delete(go);
      if (!waiters.size) waiting.delete(job);
      resolve();
    };
    const timer = setTimeout(go, PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
    signal?.addEventListener("abort", go);
    waiters.add(go);
  });
}
