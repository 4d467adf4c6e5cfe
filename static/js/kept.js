// What a person has opened, typed, focused and scrolled in a part stays when the part is fetched again, and a part
// under a pressed pointer is not replaced before the pointer is let go. A part is a [data-live] that is swapped whole.
// [data-opened] marks what was shown by hand although it comes hidden from the server.
const FIELDS = "input:not([type=hidden], [type=file]), select, textarea";
const kept = new WeakMap(); // request -> what to put back

/** What an element is called in its part, in words that its successor shares. */
function name(element) {
  const { tagName, id, dataset } = element;
  if (id) return `#${id}`;
  const words = element.matches("a, button") ? (element.ariaLabel ?? element.textContent.trim()) : element.className;
  const value = element.matches("button, [type=radio], [type=checkbox]") ? element.value : "";
  return [tagName, element.getAttribute("name"), dataset.key, value, words].join("|");
}

/** The elements of `part`, each with a name that tells it from its likes. */
function named(part) {
  const seen = new Map();
  return [...part.querySelectorAll("*")].map((element) => {
    const own = name(element);
    seen.set(own, (seen.get(own) ?? 0) + 1);
    return [`${own}|${seen.get(own)}`, element];
  });
}

const isTicked = (field) => field.type === "checkbox" || field.type === "radio";

/** What the server said, and what stands there now. */
function value(field) {
  if (isTicked(field)) return { was: field.defaultChecked, now: field.checked };
  if (!(field instanceof HTMLSelectElement)) return { was: field.defaultValue, now: field.value };
  const options = [...field.options];
  return { was: (options.find((option) => option.defaultSelected) ?? options[0])?.value, now: field.value };
}

/** Where the caret is; null where there is none. */
function rangeOf(field) {
  return typeof field.selectionStart === "number" ? [field.selectionStart, field.selectionEnd] : null;
}

/** What is to be put back: [name of the element, how]. */
function remember(part, isRefresh) {
  const before = [];
  for (const [key, element] of named(part)) {
    const { scrollTop: top, scrollLeft: left } = element;
    if (element.matches("details[open]")) before.push([key, (next) => next.setAttribute("open", "")]);
    if (top || left) before.push([key, (next) => next.scrollTo({ top, left, behavior: "instant" })]);
    if (element === document.activeElement) before.push([key, (next) => focus(next, rangeOf(element))]);
    // An answer to what was sent has heard what was typed; a part that only looks again has not.
    if (!isRefresh) continue;
    if (element.matches("[data-opened]")) before.push([key, open]);
    if (element.matches(FIELDS)) before.push([key, typing(value(element))]);
  }
  return before;
}

function open(element) {
  element.hidden = false;
  element.toggleAttribute("data-opened", true);
}

function focus(element, range) {
  if (document.activeElement !== document.body) return;
  element.focus({ preventScroll: true });
  if (range) element.setSelectionRange?.(...range);
}

/** Types again what was typed, unless the server has something new to say. */
function typing({ was, now }) {
  return (field) => {
    if (was === now || value(field).was !== was) return false;
    field[isTicked(field) ? "checked" : "value"] = now;
    return true;
  };
}

/** Returns the fields that were typed into again. */
function putBack(part, before) {
  const found = new Map(named(part));
  const typed = before.filter(([key, act]) => found.has(key) && act(found.get(key)) === true);
  return typed.map(([key]) => found.get(key));
}

let pressed = null;
const late = new Set(); // parts whose answer came while the pointer was down in them

function watchPress() {
  document.addEventListener("pointerdown", (event) => {
    pressed = event.target;
  }, true);
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => {
      pressed = null;
      setTimeout(askAgain); // after the click that follows
    }, true);
  }
}

function askAgain() {
  for (const part of late) {
    if (part.isConnected) window.htmx.trigger(part, "refresh");
  }
  late.clear();
}

function isRefresh({ requestConfig, target }) {
  return requestConfig.verb === "get" && requestConfig.elt === target;
}

function onBeforeSwap({ detail }) {
  const part = detail.target;
  if (!detail.shouldSwap || !part.matches?.("[data-live]")) return;
  if (isRefresh(detail) && pressed && part.contains(pressed)) {
    detail.shouldSwap = false;
    late.add(part);
  } else {
    kept.set(detail.xhr, { address: part.getAttribute("hx-get"), parts: remember(part, isRefresh(detail)) });
  }
}

function onAfterSwap({ target, detail }) {
  const before = kept.get(detail.xhr);
  if (!before || target.getAttribute?.("hx-get") !== before.address) return;
  kept.delete(detail.xhr);
  const fields = putBack(target, before.parts);
  if (!fields.length) return;
  // Those who draw what is typed listen once the part has settled.
  const tell = () => fields.forEach((field) => field.dispatchEvent(new Event("input", { bubbles: true })));
  target.addEventListener("htmx:afterSettle", tell, { once: true });
}

export function watchKept() {
  watchPress();
  document.addEventListener("htmx:beforeSwap", onBeforeSwap);
  document.addEventListener("htmx:afterSwap", onAfterSwap);
}
