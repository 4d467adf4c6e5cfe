// Hears what changes in the workspace and says so on this page: "vf:job" on document, detail
// {job, batch, kind, subject, state}. One tab of the browser holds the stream and passes on what it hears, because
// browsers allow few connections a host; where that is not possible every tab has its own. Without the stream: polling.
import { hearStatus, isSignedOut } from "./session.js";

const POLL_MS = 3000;
const STREAM_AGAIN_MS = 30000;
const GENEROUS_MS = 3000;
const LOOK_BACK_MS = 60000;
const FAILURES_BEFORE_POLLING = 3;

// Parts that are fetched again are replaced; one that is replaced under a pressed pointer would lose the click.
const heldBack = [];
let isPressed = false;

function watchPointer() {
  document.addEventListener("pointerdown", () => {
    isPressed = true;
  });
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, () => {
      isPressed = false;
      setTimeout(() => heldBack.splice(0).forEach(say));
    });
  }
}

function say(detail) {
  if (isPressed) heldBack.push(detail);
  else document.dispatchEvent(new CustomEvent("vf:job", { detail }));
}

/** Asks for what changed since the last time it asked, the first time since the page was made. */
class Changes {
  #url;
  #cursor;

  constructor(url, since) {
    this.#url = url;
    this.#cursor = since;
  }

  async ask() {
    const found = [];
    let begin = "";
    for (let since = this.#cursor; since !== null; ) {
      const page = await this.#page(since);
      if (!page) return found; // and ask for the same span again
      begin ||= page.cursor;
      found.push(...page.changes);
      since = page.rest;
    }
    this.#cursor = begin;
    return found;
  }

  async #page(since) {
    const answer = await fetch(`${this.#url}?since=${encodeURIComponent(since)}`, {
      headers: { Accept: "application/json" },
      redirect: "error",
    });
    hearStatus(answer.status);
    return answer.ok ? answer.json() : null;
  }
}

class Source {
  #url;
  #changes;
  #tell;
  #failures = 0;
  #timer = 0;
  #again = null;

  constructor(eventsUrl, changes, tell) {
    this.#url = eventsUrl;
    this.#changes = changes;
    this.#tell = tell;
  }

  open() {
    const stream = new EventSource(this.#url);
    stream.addEventListener("open", () => {
      this.#failures = 0;
      clearInterval(this.#timer);
      this.#timer = 0;
      this.#catchUp();
    });
    stream.addEventListener("resync", () => this.#catchUp());
    stream.addEventListener("job", (event) => this.#tell(JSON.parse(event.data)));
    stream.addEventListener("error", () => {
      this.#failures += 1;
      const isOver = stream.readyState === EventSource.CLOSED;
      if (!isOver && this.#failures < FAILURES_BEFORE_POLLING) return;
      stream.close();
      this.#poll();
      this.#catchUp(); // also says whether the session is over, which the stream itself does not tell
      this.#openLater();
    });
  }

  #openLater() {
    const timer = setTimeout(() => this.#reopen(), STREAM_AGAIN_MS);
    this.#again?.abort();
    this.#again = new AbortController();
    this.#again.signal.addEventListener("abort", () => clearTimeout(timer));
    document.addEventListener("vf:signed-in", () => this.#reopen(), { once: true, signal: this.#again.signal });
  }

  #reopen() {
    this.#again.abort();
    if (isSignedOut()) this.#openLater();
    else this.open();
  }

  #poll() {
    this.#timer ||= setInterval(() => this.#catchUp(), POLL_MS);
  }

  async #catchUp() {
    if (isSignedOut()) return;
    try {
      for (const change of await this.#changes.ask()) this.#tell(change);
    } catch {
      // The server is away; the next attempt asks for the same span again.
    }
  }
}

/**
 * The server's time when the page was made, or a minute ago if that is later: what ended before the stream was open
 * would never be shown otherwise.
 */
function whenMade() {
  const made = Date.parse(document.body.dataset.madeAt ?? "");
  if (Number.isNaN(made)) return "";
  return new Date(made - GENEROUS_MS + Math.max(0, performance.now() - LOOK_BACK_MS)).toISOString();
}

/** Another tab may hold the stream, and have heard what this page missed while it loaded. */
function askOnce(changes) {
  changes.ask().then((found) => found.forEach(say), () => null);
}

function share(eventsUrl, changesUrl) {
  const channel = new BroadcastChannel(`vf-events ${eventsUrl}`);
  channel.addEventListener("message", (event) => say(event.data));
  const tell = (detail) => {
    say(detail);
    channel.postMessage(detail);
  };
  askOnce(new Changes(changesUrl, whenMade()));
  navigator.locks.request(`vf-events ${eventsUrl}`, () => {
    new Source(eventsUrl, new Changes(changesUrl, whenMade()), tell).open();
    return new Promise(() => {}); // held until this tab goes away; then another one takes over
  });
}

export function watchEvents() {
  const { events, changes } = document.body.dataset;
  if (!events || !changes) return;
  watchPointer();
  if ("locks" in navigator && "BroadcastChannel" in window) share(events, changes);
  else new Source(events, new Changes(changes, whenMade()), say).open();
}
