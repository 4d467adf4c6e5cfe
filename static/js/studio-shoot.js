// The gallery: arrows move between shots, S or A accepts, X rejects, Enter opens; a filter hides what was not asked for.
import { onKeys } from "./keys.js";

const gallery = document.querySelector("[data-gallery]");
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

function go(index) {
  const all = shots();
  if (!all[index]) return false;
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

function press(key) {
  const button = shots()[current]?.querySelector(`[data-key=${key}]`);
  button?.click();
  return Boolean(button);
}

function isHere(event) {
  return gallery.contains(event.target) || event.target === document.body || event.target.id === "content";
}

onKeys({
  ArrowRight: (event) => isHere(event) && go(isWalking ? current + 1 : current),
  ArrowLeft: (event) => isHere(event) && go(current - 1),
  ArrowDown: (event) => isHere(event) && go(inNextRow(1)),
  ArrowUp: (event) => isHere(event) && go(inNextRow(-1)),
  s: () => press("star"),
  a: () => press("star"),
  x: () => press("reject"),
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
  if (event.detail.requestConfig?.verb === "post") window.htmx.trigger(document.body, "verdict");
  settle();
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

document.querySelector("[data-filter]").addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (!button) return;
  gallery.dataset.shown = button.dataset.show;
  for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  current = 0;
  settle();
});

/** Rows as high as lets whole squares fill the width; phones have two columns instead. */
function fitRows() {
  const gap_px = 16;
  const wanted_px = 304;
  if (matchMedia("(max-width: 45rem)").matches) {
    gallery.style.removeProperty("--row");
    return;
  }
  const width_px = gallery.clientWidth + gap_px;
  const squares = Math.max(1, Math.round(width_px / (wanted_px + gap_px)));
  gallery.style.setProperty("--row", `${Math.floor(width_px / squares) - gap_px}px`);
}

fitRows();
new ResizeObserver(fitRows).observe(gallery.parentElement);
settle();
