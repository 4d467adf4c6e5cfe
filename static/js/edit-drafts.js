// The small picture of what is being edited: one request at a time, and the newest wish next.
import { csrfToken, hearStatus } from "./session.js";

const RETRY_MS = 90;
const MOST_TRIES = 1000; // a minute and a half

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const signedIn = () => new Promise((resolve) => document.addEventListener("vf:signed-in", resolve, { once: true }));

export class Drafts {
  #url;
  #wanted = null;
  #isBusy = false;
  #shown = "";

  /** Callbacks: onPicture({url, box, base, delta_e, warnings}, wish that it shows), onRefused(message), onBusy(isBusy). */
  constructor(url, { onPicture, onRefused, onBusy }) {
    this.#url = url;
    this.onPicture = onPicture;
    this.onRefused = onRefused;
    this.onBusy = onBusy;
  }

  /** `isRough`: smaller and sooner, while something is dragged. */
  want(wish, isRough) {
    const wanted = new URLSearchParams({ spec: JSON.stringify(wish), ...(isRough && { rough: "1" }) }).toString();
    if (wanted === this.#wanted || (!this.#wanted && wanted === this.#shown)) return;
    this.#wanted = wanted;
    if (!this.#isBusy) this.#run();
  }

  async #run() {
    this.#isBusy = true;
    this.onBusy(true);
    while (this.#wanted) {
      const wanted = this.#wanted;
      this.#wanted = null;
      this.#shown = wanted;
      await this.#draw(wanted);
    }
    this.#isBusy = false;
    this.onBusy(false);
  }

  async #draw(wanted) {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const answer = await this.#ask(wanted);
      if (!answer) {
        await pause(10 * RETRY_MS);
      } else if (answer.status === 202) {
        await pause(RETRY_MS);
      } else if (answer.status === 401) {
        await signedIn(); // nothing is wrong with the wish
        if (this.#wanted) return;
      } else {
        await this.#show(answer, wanted);
        return;
      }
    }
  }

  async #ask(wanted) {
    try {
      const answer = await fetch(this.#url, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
        body: new URLSearchParams(wanted),
      });
      hearStatus(answer.status);
      return answer.status >= 500 ? null : answer;
    } catch {
      return null; // the server is away; the next attempt asks again
    }
  }

  async #show(answer, wanted) {
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      this.onRefused(found.error?.message ?? "");
      return;
    }
    const next = new Image();
    next.src = found.url;
    await next.decode().catch(() => null); // decoded before it is shown: the picture never blinks
    if (next.naturalWidth) this.onPicture(found, JSON.parse(new URLSearchParams(wanted).get("spec")));
  }
}
