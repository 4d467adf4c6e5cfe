// Drawing a box on a photo: pointer, keys and number fields all write the same four fields, in pixels of the photo.
// The box is first a proposal: a drag anywhere draws a new one. Once somebody has set it, it can be moved and resized.
import { clampBox, dragBox, isMeant, nudgeBox } from "./box-geometry.js";

const FIELDS = ["x", "y", "width", "height"];
const LEAST_SCREEN_PX = 12; // what is smaller was a click or a slip
const ROOM_FOR_ALL_HANDLES_PX = 96;

class Boxer {
  constructor(form) {
    this.form = form;
    this.photo = { width: Number(form.dataset.width), height: Number(form.dataset.height) };
    this.area = form.querySelector("[data-box-area]");
    this.box = form.querySelector("[data-box]");
    this.size = form.querySelector("[data-box-size]");
    this.first = { box: this.given, isOwn: form.hasAttribute("data-own") };
    this.drag = null;
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    this.area.addEventListener("pointerdown", (event) => this.onPointer(event));
    form.addEventListener("input", () => this.set(this.value, true));
    new ResizeObserver(() => this.draw()).observe(this.area);
    this.draw();
  }

  get value() {
    return Object.fromEntries(FIELDS.map((name) => [name, Number(this.form.elements[name].value)]));
  }

  /** The box that came with the page. */
  get given() {
    return Object.fromEntries(FIELDS.map((name) => [name, Number(this.form.elements[name].defaultValue)]));
  }

  get isOwn() {
    return this.form.hasAttribute("data-own");
  }

  /** Pixels of the photo under one pixel of the screen. */
  get scale() {
    return this.photo.width / this.area.getBoundingClientRect().width;
  }

  set(box, isOwn) {
    const fitted = clampBox(box, this.photo);
    for (const name of FIELDS) {
      const field = this.form.elements[name];
      if (field !== document.activeElement) field.value = fitted[name];
    }
    this.form.toggleAttribute("data-own", isOwn);
    this.draw();
  }

  draw() {
    const { x, y, width, height } = clampBox(this.value, this.photo);
    const style = this.area.style;
    style.setProperty("--x", x / this.photo.width);
    style.setProperty("--y", y / this.photo.height);
    style.setProperty("--w", width / this.photo.width);
    style.setProperty("--h", height / this.photo.height);
    this.box.toggleAttribute("data-small", Math.min(width, height) < ROOM_FOR_ALL_HANDLES_PX * this.scale);
    this.size.textContent = this.size.dataset.text.replace("{width}", width).replace("{height}", height);
  }

  /** A pointer's place in pixels of the photo. */
  place(event) {
    const frame = this.area.getBoundingClientRect();
    return {
      x: ((event.clientX - frame.left) / frame.width) * this.photo.width,
      y: ((event.clientY - frame.top) / frame.height) * this.photo.height,
    };
  }

  handleUnder(event) {
    if (!this.isOwn) return "new";
    return event.target.dataset.handle ?? (event.target === this.box ? "move" : "new");
  }

  onPointer(event) {
    if (event.button !== 0 || this.drag) return;
    event.preventDefault();
    this.box.focus({ preventScroll: true });
    const start = { at: this.place(event), box: this.value, handle: this.handleUnder(event), isOwn: this.isOwn };
    const stop = new AbortController();
    const { signal } = stop;
    this.drag = { ...start, stop };
    const mine = (action) => (next) => next.pointerId === event.pointerId && action(next);
    this.area.setPointerCapture(event.pointerId);
    this.area.addEventListener("pointermove", mine((next) => this.show(dragBox(start, this.place(next), this.photo))), { signal });
    this.area.addEventListener("pointerup", mine((next) => this.drop(dragBox(start, this.place(next), this.photo))), { signal });
    this.area.addEventListener("pointercancel", mine(() => this.giveUpDrag()), { signal });
    this.area.addEventListener("lostpointercapture", mine(() => this.giveUpDrag()), { signal });
  }

  /** While a box is being drawn it may be as small as a point; the old one comes back if it stays so. */
  show(box) {
    if (isMeant(box, LEAST_SCREEN_PX * this.scale)) this.set(box, true);
    else this.set(this.drag.box, this.drag.isOwn);
  }

  drop(box) {
    this.show(box);
    this.endDrag();
  }

  /** Returns whether there was a drag. */
  giveUpDrag() {
    if (!this.drag) return false;
    this.set(this.drag.box, this.drag.isOwn);
    this.endDrag();
    return true;
  }

  endDrag() {
    this.drag.stop.abort();
    this.drag = null;
  }

  /** Back to what was there before: first the drag, then everything. Returns whether something was taken back. */
  takeBack() {
    if (this.giveUpDrag()) return true;
    const isSame = FIELDS.every((name) => this.value[name] === this.first.box[name]) && this.isOwn === this.first.isOwn;
    if (!isSame) this.set(this.first.box, this.first.isOwn);
    return !isSame;
  }

  onKey(event) {
    if (event.key === "Enter") {
      event.preventDefault();
      this.form.requestSubmit();
      return;
    }
    const longSide = Math.max(this.photo.width, this.photo.height);
    const step_px = Math.max(1, Math.round(longSide * (event.altKey ? 0.05 : 0.005)));
    const next = nudgeBox(this.value, event.key, step_px, event.shiftKey);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    this.set(next, true);
  }
}

function show(form, isShown) {
  form.hidden = !isShown;
  form.toggleAttribute("data-opened", isShown);
  const focused = isShown ? form.querySelector("[data-box]") : form.closest("#cutout").querySelector("[data-box-open]");
  focused?.focus();
}

/** Makes every [data-boxer] in `root` work. Safe to call again after a swap. */
export function watchBoxes(root = document) {
  for (const form of root.querySelectorAll("[data-boxer]:not([data-boxer-ready])")) {
    form.dataset.boxerReady = "";
    const boxer = new Boxer(form);
    form.closest("#cutout").querySelector("[data-box-open]")?.addEventListener("click", () => show(form, true));
    form.querySelector("[data-box-close]")?.addEventListener("click", () => {
      boxer.takeBack();
      show(form, false);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || boxer.takeBack()) return;
      if (form.querySelector("[data-box-close]")) show(form, false);
    });
  }
}
