// The large view's keys and buttons; viewer.js does the moving.
import { leadBack } from "./back-to-list.js";
import { slide } from "./compare.js";
import { onKeys } from "./keys.js";
import { Viewer } from "./viewer.js";

const section = document.querySelector("[data-viewer]");
const viewer = section.querySelector("[data-picture]") ? new Viewer(section) : null;
const press = (key) => {
  const element = document.querySelector(`[data-key="${key}"]`);
  element?.click();
  return Boolean(element);
};

leadBack(document.querySelector('[data-key="Escape"]'));

/** Dragging the line moves the range that stands for it. */
function watchLine(line, range, place) {
  const drag = (event) => {
    const { left, right } = place();
    const x = event.clientX - viewer.room.getBoundingClientRect().left;
    range.value = ((x - left) / (right - left)) * 100;
    range.dispatchEvent(new Event("input", { bubbles: true }));
  };
  line.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    line.setPointerCapture(event.pointerId);
    line.addEventListener("pointermove", drag);
  });
  line.addEventListener("lostpointercapture", () => line.removeEventListener("pointermove", drag));
}

function watchComparison() {
  const toggle = section.querySelector("[data-compare-toggle]");
  const before = section.querySelector("[data-before]");
  const range = section.querySelector("[data-compare-range]");
  const line = section.querySelector("[data-compare-line]");
  const labels = section.querySelectorAll("[data-compare-label]");
  const place = () => viewer.placeComparison(Number(range.value), before, line);
  slide(range, []);
  range.addEventListener("input", place);
  viewer.onMove = place;
  watchLine(line, range, place);
  const [photo, other] = before.querySelectorAll("image");
  const name = section.querySelector("[data-compare-name]");
  const turn = (isOn) => {
    toggle.setAttribute("aria-pressed", String(isOn));
    for (const part of [before, range, line, ...labels]) part.toggleAttribute("hidden", !isOn);
    if (!isOn) return;
    place();
    range.focus();
  };
  /** Without an address the original photo is on the left. */
  const pick = (address, title) => {
    if (!photo.hasAttribute("href")) photo.setAttribute("href", photo.dataset.href);
    if (address) other.setAttribute("href", address);
    other.toggleAttribute("hidden", !address);
    photo.toggleAttribute("hidden", Boolean(address));
    name.textContent = title;
  };
  toggle.addEventListener("click", () => {
    pick("", name.dataset.photo);
    turn(toggle.getAttribute("aria-pressed") !== "true");
  });
  document.addEventListener("click", (event) => {
    const version = event.target.closest("[data-compare-with]");
    if (!version) return;
    pick(version.dataset.compareWith, version.dataset.compareName);
    turn(true);
  });
}

/** A version that is finished is on show: the page around it is about the old one. */
document.addEventListener("htmx:afterSettle", (event) => {
  const strip = document.querySelector("[data-versions]");
  if (event.target === strip && strip.dataset.shown !== section.dataset.version) location.reload();
});

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else section.requestFullscreen?.();
  return true;
}

if (viewer) {
  watchComparison();
  const pan = (dx, dy, key) => () => viewer.isLarger ? viewer.pan(dx, dy) : key ? press(key) : false;
  onKeys({
    "+": () => viewer.step(1),
    "=": () => viewer.step(1),
    "-": () => viewer.step(-1),
    0: () => viewer.fit(),
    1: () => viewer.actual(),
    c: () => {
      section.querySelector("[data-compare-toggle]").click();
      return true;
    },
    f: fullScreen,
    ArrowLeft: (event) => (viewer.isLarger && viewer.room === event.target ? viewer.pan(1, 0) : press("ArrowLeft")),
    ArrowRight: (event) => (viewer.isLarger && viewer.room === event.target ? viewer.pan(-1, 0) : press("ArrowRight")),
    ArrowUp: pan(0, 1),
    ArrowDown: pan(0, -1),
  });
}

onKeys({ e: () => press("e"), s: () => press("s"), a: () => press("s"), x: () => press("x"), Escape: () => !document.fullscreenElement && press("Escape") });
