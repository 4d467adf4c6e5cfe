// The gallery: arrows move between shots, S or A accepts, X rejects, Delete asks to delete, Enter opens; a filter hides what was not asked for.
// With a selection the verdict is for all of it; after a rejection a number says why.
import { Selection } from "./gallery-selection.js";
import { isTyping, onKeys } from "./keys.js";
import { look } from "./live.js";

const gallery = document.querySelector("[data-gallery]");
const bar = document.querySelector("[data-verdict-bar]");
let current = 0;
let isWalking = false; // the focus is in the gallery, or was when its card was swapped

const shots = () => [...gallery.querySelectorAll("[data-shot]")].filter((shot) => shot.offsetParent);
const link = (shot) => shot?.querySelector("[data-shot-link]");

/** One shot at a time is in the tab order, with its buttons; the arrows reach the others. */
function settle() {
  const all = shots();
  current = Math.min(current, Math.max(0, all.length - 1));
  all.forEach((shot, index) => {
    for (const control of shot.querySelectorAll("a, button, select, [data-shot-link]")) control.tabIndex = index === current ? 0 : -1;
  });
  document.querySelector("[data-gallery-none]").hidden = all.length > 0;
}

const selection = new Selection(gallery, shots);
let isJudging = false;
let rejected = []; // ids of the last rejection: a number key says why

function go(index, isRange = false) {
  const all = shots();
  if (!all[index]) return false;
  if (isRange) selection.rangeTo(all[index], all[current]);
  else if (!isJudging) selection.clear();
  current = index;
  settle();
  link(all[index]).focus();
  link(all[index]).scrollIntoView({ block: "nearest" });
  return true;
}

/** The nearest shot in the row above (-1) or below (+1). */
function inNextRow(direction) {
  const all = shots();
  const here = all[current].getBoundingClientRect();
  const middle = here.left + here.width / 2;
  let best = -1;
  let least = Infinity;
  all.forEach((shot, index) => {
    const box = shot.getBoundingClientRect();
    const rows = (box.top - here.top) * direction;
    if (rows < here.height / 4) return;
    const far = rows * 4 + Math.abs(box.left + box.width / 2 - middle);
    if (far < least) [best, least] = [index, far];
  });
  return best;
}

/** One verdict for one card or for the whole selection; the same key again takes it back. */
function judge(verdict) {
  const chosen = selection.chosen.length ? selection.chosen : shots().slice(current, current + 1);
  const open = chosen.filter((shot) => shot.querySelector(`[data-key=${verdict}]`));
  if (!open.length || !isHere({ target: document.activeElement })) return false;
  const wanted = verdict === "star" ? "starred" : "rejected";
  const isThere = open.every((shot) => shot.dataset.verdict === wanted);
  send(open, isThere ? "clear" : verdict);
  rejected = verdict === "reject" && !isThere ? open.map((shot) => shot.id.slice("shot-".length)) : [];
  showBar();
  if (bar?.dataset.verdictBar === "next" && !isThere && !selection.chosen.length) {
    isJudging = true;
    go(current + 1);
    isJudging = false;
  }
  return true;
}

function send(cards, verdict, reason = "") {
  if (cards.length === 1 && !reason) {
    cards[0].querySelector(`[data-key=${verdict === "clear" ? keyOf(cards[0]) : verdict}]`).click();
    return;
  }
  const shot = cards.map((card) => card.id.slice("shot-".length));
  window.htmx.ajax("POST", gallery.dataset.judge, { source: gallery, swap: "none", values: { shot, verdict, reason } });
}

const keyOf = (card) => (card.dataset.verdict === "starred" ? "star" : "reject");

function why(number) {
  const button = bar?.querySelectorAll("[data-reason]")[number - 1];
  if (!rejected.length || !button) return false;
  const ids = rejected;
  whenQuiet(() => send(ids.map((id) => document.getElementById(`shot-${id}`)).filter(Boolean), "reject", button.dataset.reason));
  rejected = [];
  showBar();
  return true;
}

/** The reason may not overtake the verdict that it explains. */
let underWay = 0;
const waiting = [];
document.addEventListener("htmx:beforeSend", () => {
  underWay += 1;
});
document.addEventListener("htmx:afterRequest", () => {
  underWay = Math.max(0, underWay - 1);
  if (!underWay) waiting.splice(0).forEach((act) => setTimeout(act));
});

function whenQuiet(act) {
  if (underWay) waiting.push(act);
  else act();
}

function showBar() {
  if (!bar) return;
  const count = selection.chosen.length;
  bar.hidden = !count && !rejected.length;
  bar.querySelector("[data-selected-part]").hidden = !count;
  bar.querySelector("[data-why-part]").hidden = !rejected.length;
  const words = bar.querySelector("[data-selected-words]");
  words.textContent = (count === 1 ? words.dataset.one : words.dataset.other).replace("{n}", count);
}

selection.onChange = showBar;
bar?.addEventListener("click", (event) => {
  const verdict = event.target.closest("[data-judge-all]")?.dataset.judgeAll;
  if (verdict) {
    send(selection.chosen, verdict);
    rejected = verdict === "reject" ? selection.chosen.map((shot) => shot.id.slice("shot-".length)) : [];
    selection.clear();
    showBar();
  }
  const reason = event.target.closest("[data-reason]");
  if (reason) why([...bar.querySelectorAll("[data-reason]")].indexOf(reason) + 1);
  if (event.target.closest("[data-select-none]")) {
    rejected = [];
    selection.clear();
    showBar();
  }
});

/** The forms of the bar, download and delete, carry what is selected when they are sent. */
function fill(form, cards) {
  for (const field of form.querySelectorAll("[name=shot]")) field.remove();
  for (const shot of cards) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "shot" });
    field.value = shot.id.slice("shot-".length);
    form.append(field);
  }
}

for (const form of bar?.querySelectorAll("[data-takes-selection]") ?? []) form.addEventListener("submit", () => fill(form, selection.chosen));

/** The page that asks before the selection, or the current shot, is deleted. */
function askDeletion() {
  const form = bar?.querySelector("[data-delete]");
  const cards = selection.chosen.length ? selection.chosen : shots().slice(current, current + 1);
  if (!form || !cards.length || !isHere({ target: document.activeElement })) return false;
  fill(form, cards);
  form.submit(); // without the event that would fill it again
  return true;
}

function isHere(event) {
  return gallery.contains(event.target) || event.target === document.body || event.target.id === "content";
}

onKeys({
  ArrowRight: (event) => isHere(event) && go(isWalking ? current + 1 : current, event.shiftKey),
  ArrowLeft: (event) => isHere(event) && go(current - 1, event.shiftKey),
  ArrowDown: (event) => isHere(event) && go(inNextRow(1), event.shiftKey),
  ArrowUp: (event) => isHere(event) && go(inNextRow(-1), event.shiftKey),
  s: () => judge("star"),
  a: () => judge("star"),
  x: () => judge("reject"),
  Delete: askDeletion,
  Escape: () => {
    const hadWhy = rejected.length > 0;
    rejected = [];
    return selection.clear() || hadWhy;
  },
  ...Object.fromEntries([1, 2, 3, 4, 5].map((number) => [number, () => why(number)])),
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "a" || isTyping(event)) return;
  event.preventDefault();
  selection.all();
});

document.addEventListener("focusin", (event) => {
  isWalking = gallery.contains(event.target);
});
gallery.addEventListener("focusin", (event) => {
  const index = shots().indexOf(event.target.closest("[data-shot]"));
  if (index < 0 || index === current) return;
  current = index;
  settle();
});

// A swapped card takes over the focus that its predecessor had, and the counts follow the verdict.
let held = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const shot = event.detail.target.closest?.("[data-shot]");
  if (shot?.contains(document.activeElement)) held = { id: shot.id, key: document.activeElement.dataset.key };
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.verb === "post") look({ subject: "verdicts" });
  settle();
  selection.restore();
  showBar();
  const wasMoved = document.activeElement !== document.body;
  if (!held || wasMoved) {
    held = null;
    return;
  }
  const shot = document.getElementById(held.id);
  const target = (held.key && shot?.querySelector(`[data-key=${held.key}]`)) || link(shot);
  held = null;
  target?.focus({ preventScroll: true });
});

document.querySelector("[data-filter]")?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (!button) return;
  gallery.dataset.shown = button.dataset.show;
  for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  current = 0;
  settle();
});

settle();
