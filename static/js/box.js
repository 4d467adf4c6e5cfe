// Drawing a box on a photo: pointer, keys and number fields all write the same four fields, in pixels of the photo.
import { clampBox, dragBox, nudgeBox } from "./box-geometry.js";

const FIELDS = ["x", "y", "width", "height"];

class Boxer {
  constructor(form) {
    this.form = form;
    this.photo = { width: Number(form.dataset.width), height: Number(form.dataset.height) };
    this.area = form.querySelector("[data-box-area]");
    this.box = form.querySelector("[data-box]");
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    this.area.addEventListener("pointerdown", (event) => this.onPointer(event));
    form.addEventListener("input", () => this.draw());
    this.draw();
  }

  get value() {
    return Object.fromEntries(FIELDS.map((name) => [name, Number(this.form.elements[name].value)]));
  }

  set value(box) {
    const fitted = clampBox(box, this.photo);
    for (const name of FIELDS) this.form.elements[name].value = fitted[name];
    this.draw();
  }

  draw() {
    const { x, y, width, height } = this.value;
    const style = this.area.style;
    style.setProperty("--x", x / this.photo.width);
    style.setProperty("--y", y / this.photo.height);
    style.setProperty("--w", width / this.photo.width);
    style.setProperty("--h", height / this.photo.height);
  }

  /** A pointer's place in pixels of the photo. */
  place(event) {
    const frame = this.area.getBoundingClientRect();
    return {
      x: ((event.clientX - frame.left) / frame.width) * this.photo.width,
      y: ((event.clientY - frame.top) / frame.height) * this.photo.height,
    };
  }

  onPointer(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.box.focus({ preventScroll: true });
    const handle = event.target.dataset.handle ?? (event.target === this.box ? "move" : "new");
    const start = { at: this.place(event), box: this.value, handle };
    const move = (next) => {
      this.value = dragBox(start, this.place(next));
    };
    this.area.setPointerCapture(event.pointerId);
    this.area.addEventListener("pointermove", move);
    this.area.addEventListener("lostpointercapture", () => this.area.removeEventListener("pointermove", move), { once: true });
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
    this.value = next;
  }
}

function show(form, isShown) {
  form.hidden = !isShown;
  const focused = isShown ? form.querySelector("[data-box]") : form.closest("#cutout").querySelector("[data-box-open]");
  focused?.focus();
}

/** Makes every [data-boxer] in `root` work. Safe to call again after a swap. */
export function watchBoxes(root = document) {
  for (const form of root.querySelectorAll("[data-boxer]:not([data-boxer-ready])")) {
    form.dataset.boxerReady = "";
    new Boxer(form);
    form.closest("#cutout").querySelector("[data-box-open]")?.addEventListener("click", () => show(form, true));
    form.querySelector("[data-box-close]")?.addEventListener("click", () => show(form, false));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && form.querySelector("[data-box-close]")) show(form, false);
    });
  }
}
