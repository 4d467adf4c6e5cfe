// The stage shows one set with the product in it; the strip below shows them all. Both follow the palette.
import { chosen } from "./choices.js";
import { forgetPreviews, preview } from "./previews.js";

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
    this.stripPalette = null;
    for (const name of ["pointerenter", "focusin", "click"]) {
      for (const label of form.querySelectorAll("[data-set]")) {
        label.addEventListener(name, () => this.show(label.dataset.set));
      }
    }
    form.addEventListener("change", (event) => {
      if (event.target.name === "palette" && event.target.checked) this.palette = event.target.value;
      this.refresh();
    });
  }

  get isLive() {
    return ["ready", "accepted"].includes(document.getElementById("cutout").dataset.state);
  }

  /** The palette last ticked, as long as it still is; else the first that is ticked. */
  currentPalette() {
    const { palettes } = chosen(this.form);
    return palettes.includes(this.palette) ? this.palette : palettes[0] ?? "own";
  }

  show(set) {
    if (set === this.set) return;
    this.set = set;
    this.refresh();
  }

  /** After a new cutout every picture is out of date. */
  restart() {
    forgetPreviews();
    this.stripPalette = null;
    this.refresh();
  }

  refresh() {
    this.form.classList.toggle("choices--live", this.isLive);
    this.empty.hidden = this.isLive;
    if (!this.isLive || !this.set) {
      this.image.hidden = true;
      this.failed.hidden = true;
      this.title.textContent = "";
      return;
    }
    this.refreshStage();
    this.refreshStrip();
  }

  async refreshStage() {
    const asked = ++this.asked;
    const label = this.form.querySelector(`[data-set="${CSS.escape(this.set)}"]`);
    this.title.textContent = label.textContent.trim();
    const slow = setTimeout(() => {
      this.progress.hidden = false;
    }, 250);
    const url = await preview(this.form.dataset.preview, { set: this.set, palette: this.currentPalette() });
    clearTimeout(slow);
    if (asked !== this.asked) return;
    this.progress.hidden = true;
    this.failed.hidden = Boolean(url);
    if (!url) {
      this.image.hidden = true;
      return;
    }
    await this.swap(url);
    if (asked === this.asked) this.image.hidden = false;
  }

  /** Decoded before it is shown, so that the stage never blinks. */
  async swap(url) {
    const next = new Image();
    next.src = url;
    await next.decode().catch(() => null);
    this.image.src = url;
  }

  async refreshStrip() {
    const palette = this.currentPalette();
    if (palette === this.stripPalette) return;
    this.stripPalette = palette;
    for (const image of this.form.querySelectorAll("[data-preview-of]")) {
      const url = await preview(this.form.dataset.preview, { set: image.dataset.previewOf, palette });
      if (palette !== this.stripPalette) return;
      if (!url) continue;
      image.src = url;
      image.hidden = false;
    }
  }
}
