// A part of the page, [data-live], is replaced as a whole by what the server answers. Three things may not be lost on
// the way: news that come while an answer is under way or a part settles, the click of a pointer that is pressed, and
// what a person has opened, typed or focused.
import { putBack, remember } from "./kept.js";

const asking = new Map(); // part -> its request that is under way
const again = new Set(); // parts to ask for once more, because something happened since they were asked for
const renewed = new WeakMap(); // request -> the part that its answer replaces
const successors = new WeakMap(); // part -> the part in its place
const landed = new WeakSet(); // requests whose answer found its part on the page
let pressed = null;

/**
 * Asks the server for `part`, or for what has taken its place since. While it is being asked already: once more
 * afterwards, for that answer may be older than the news. (htmx would ask for the part that the answer replaced.)
 */
export function ask(part) {
  const now = standing(part);
  if (asking.has(now)) again.add(now);
  else if (now.matches(".htmx-added, .htmx-settling")) now.addEventListener("htmx:afterSettle", () => ask(now), { once: true });
  else if (now.isConnected) window.htmx.trigger(now, "refresh");
}

function standing(part) {
  let now = part;
  while (successors.has(now)) now = successors.get(now);
  return now;
}

const isRefresh = ({ verb, elt }) => verb === "get" && elt.matches("[data-live]");

function onSend({ detail: { requestConfig, target, xhr } }) {
  if (isRefresh(requestConfig)) asking.set(requestConfig.elt, xhr);
  else xhr.addEventListener("loadend", () => makeUpFor(xhr, target));
}

/** A part may be replaced while something that was sent from it is under way: that answer finds nobody. */
function makeUpFor(xhr, part) {
  if (!landed.has(xhr) && successors.has(part)) ask(part);
}

function onEnd({ detail: { requestConfig, xhr } }) {
  if (asking.get(requestConfig.elt) !== xhr) return;
  asking.delete(requestConfig.elt);
  if (!pressed && again.delete(requestConfig.elt)) ask(requestConfig.elt);
}

function onBeforeSwap({ detail }) {
  const { target: part, requestConfig, xhr } = detail;
  landed.add(xhr);
  if (!detail.shouldSwap || !part.matches?.("[data-live]")) return;
  const isAsked = requestConfig.elt === part && isRefresh(requestConfig);
  if (isAsked && pressed && part.contains(pressed)) {
    detail.shouldSwap = false;
    again.add(part);
  } else {
    renewed.set(xhr, { part, address: part.getAttribute("hx-get"), before: remember(part, isAsked) });
  }
}

function onAfterSwap({ target, detail: { xhr } }) {
  const found = renewed.get(xhr);
  if (!found || target.getAttribute?.("hx-get") !== found.address) return;
  renewed.delete(xhr);
  successors.set(found.part, target);
  putBack(target, found.before);
  const isOvertaken = asking.has(found.part) && asking.get(found.part) !== xhr; // that answer will find nobody
  if (isOvertaken) asking.delete(found.part);
  if (again.delete(found.part) || isOvertaken) ask(target);
}

/** A part that comes along with the answer to something else. */
function onCompanion({ detail: { target: part, fragment } }) {
  const next = fragment.firstElementChild;
  if (!next || !part.matches("[data-live]")) return;
  successors.set(part, next);
  const before = remember(part, false);
  document.addEventListener("htmx:oobAfterSwap", () => putBack(next, before), { once: true });
}

/** After the click that follows the press. */
function onRelease() {
  pressed = null;
  setTimeout(() => {
    const waiting = [...again].filter((part) => !asking.has(part));
    waiting.forEach((part) => again.delete(part) && ask(part));
  });
}

export function watchRenewal() {
  document.addEventListener("pointerdown", (event) => {
    pressed = event.target;
  }, true);
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, onRelease, true);
  document.addEventListener("htmx:beforeSend", onSend);
  document.addEventListener("htmx:afterRequest", onEnd);
  document.addEventListener("htmx:beforeSwap", onBeforeSwap);
  document.addEventListener("htmx:afterSwap", onAfterSwap);
  document.addEventListener("htmx:oobBeforeSwap", onCompanion);
}
