// The stage shows one set with the product in it; the strip below shows them all. Both follow the palette.
// The words on the picture name the set that is in it, not the one that is on its way.
import { chosen } from "./choices.js";
import { forgetPreviews, preview } from "./previews.js";
import { Strip } from "./strip.js";

const DWELL_MS = 120; // whoever only crosses a set on the way to another one has no picture of it made

/** Decoded before it is shown, so that the stage never blinks. */
async function decode(url) {
  const next = new Image();
  next.src = url;
  await next.decode().catch(() => null);
}

export class Stage {
  constructor(form) {
    this.form = form;
    this.image = form.querySelector("[data-stage-image]");
    this.progress = form.querySelector("[data-stage-progress]");
    this.title = form.querySelector("[data-stage-title]");
    this.empty = form.querySelector("[data-stage-empty]");
    this.failed = form.querySelector("[data-stage-failed]");
    this.set = chosen(form).sets[0] ?? form.querySelector("[data-set]")?.dataset.set;
    this.asked = 0;
    this.strip = new Strip(form);
    for (const label of form.querySelectorAll("[data-set]")) {
      for (const name of ["pointerenter", "focusin"]) label.addEventListener(name, () => this.lookAt(label.dataset.set));
      label.addEventListener("pointerleave", () => clearTimeout(this.dwell));
      label.addEventListener("click", () => this.show(label.dataset.set));
    }
    form.addEventListener("change", ({ target }) => {
      if (target.name === "format" && target.checked) this.format = target.value;
      if (target.name === "palette" && (target.checked || target.type === "text")) this.palette = target.value;
      this.refresh();
    });
  }

  get isLive() {
    return ["ready", "accepted"].includes(document.getElementById("cutout").dataset.state);
  }

  /** The palette last ticked or typed, as long as it still is; else the first that is ticked. */
  currentPalette() {
    const { palettes } = chosen(this.form);
    return palettes.includes(this.palette) ? this.palette : palettes[0] ?? "own";
  }

  /** The format last ticked, as long as it still is; the square is what the strip shows anyway. */
  currentFormat() {
    const { formats } = chosen(this.form);
    const wanted = formats.includes(this.format) ? this.format : formats[0];
    return wanted === "1:1" ? "" : wanted;
  }

  get view() {
    const chosenOf = (name) => this.form.querySelector(`select[name=${name}]`)?.value ?? "";
    return { camera: chosenOf("camera"), mood: chosenOf("mood") };
  }

  lookAt(set) {
    clearTimeout(this.dwell);
    this.dwell = setTimeout(() => this.show(set), DWELL_MS);
  }

  show(set) {
    clearTimeout(this.dwell);
    if (set === this.set) return;
    this.set = set;
    this.refresh();
  }

  /** After a new cutout every picture is out of date. */
  restart() {
    this.forget();
    this.refresh();
  }

  forget() {
    this.asked += 1;
    forgetPreviews();
    this.strip.forget();
  }

  refresh() {
    this.form.classList.toggle("choices--live", this.isLive);
    this.empty.hidden = this.isLive;
    if (!this.isLive) this.forget();
    if (!this.isLive || !this.set) {
      this.image.hidden = true;
      this.failed.hidden = true;
      this.title.textContent = "";
      return;
    }
    const afterwards = () => this.strip.refresh({ palette: this.currentPalette(), ...this.view });
    this.refreshStage().then(afterwards); // first what is looked at
  }

  async refreshStage() {
    const asked = ++this.asked;
    const label = this.form.querySelector(`[data-set="${CSS.escape(this.set)}"]`);
    const slow = setTimeout(() => {
      this.progress.hidden = false;
    }, 250);
    const format = this.currentFormat();
    const url = await preview(this.form.dataset.preview, { set: this.set, palette: this.currentPalette(), format, ...this.view });
    clearTimeout(slow);
    if (asked !== this.asked) return;
    this.progress.hidden = true;
    this.failed.hidden = Boolean(url);
    if (url) await decode(url);
    if (asked !== this.asked) return;
    if (url) this.image.src = url;
    this.image.hidden = !url;
    this.title.textContent = label.textContent.trim();
  }
}
