// What a person has opened, typed, focused and scrolled in a part of the page, to be put back into its successor.
// [data-opened] marks what was shown by hand although it comes hidden from the server.
const FIELDS = "input:not([type=hidden], [type=file]), select, textarea";
const CONTROLS = `${FIELDS}, a[href], button, summary`;

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

/** What is to be put back: [name of the element, how]. `isRefresh`: the part only looks again, nothing was sent. */
export function remember(part, isRefresh) {
  const before = [];
  const all = named(part);
  for (const [key, element] of all) {
    const { scrollTop: top, scrollLeft: left } = element;
    if (element.matches("details[open]")) before.push([key, (next) => next.setAttribute("open", "")]);
    if (top || left) before.push([key, (next) => next.scrollTo({ top, left, behavior: "instant" })]);
    if (element === document.activeElement) {
      before.push([key, (next) => focus(next, rangeOf(element))]);
      for (const heir of heirs(all, element)) before.push([heir, (next) => focus(next)]);
    }
    // An answer to what was sent has heard what was typed.
    if (!isRefresh) continue;
    if (element.matches("[data-opened]")) before.push([key, open]);
    if (element.matches(FIELDS)) before.push([key, typing(value(element))]);
  }
  return before;
}

/** Who gets the focus of an element that has no successor: the controls after it, then those before it, nearest first. */
function heirs(all, element) {
  const at = all.findIndex(([_, other]) => other === element);
  const others = [...all.slice(at + 1), ...all.slice(0, at).reverse()];
  return others.filter(([_, other]) => other.matches(CONTROLS)).map(([key]) => key);
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

/** Puts back what `remember` found. Those who draw what is typed listen once the part has settled. */
export function putBack(part, before) {
  const found = new Map(named(part));
  const typed = before.filter(([key, act]) => found.has(key) && act(found.get(key)) === true);
  const tell = () => typed.forEach(([key]) => found.get(key).dispatchEvent(new Event("input", { bubbles: true })));
  part.addEventListener("htmx:afterSettle", tell, { once: true });
}
