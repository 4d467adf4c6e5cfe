// Painting the part of a picture that may change: the model, view, hand and tools of the cutout editor on a mask.
// What is painted goes into one field as strokes in pixels of the picture; the server draws the same mask from them.
import { slider } from "./cutout-controls.js";
import { Hand } from "./cutout-hand.js";
import { CutoutModel } from "./cutout-model.js";
import { loadPicture, placedPixels } from "./cutout-pictures.js";
import { BrushTool, PolygonTool } from "./cutout-tools.js";
import { EditorView } from "./cutout-view.js";
import { onKeys } from "./keys.js";

const START_SHARE = 0.08; // of the longer side, for the brush
const MOST_PREVIEW_PX = 1280;

export class MarkEditor {
  /** @param {HTMLElement} section with the room, the tools and the field @param {() => boolean} isShown */
  constructor(section, isShown) {
    this.section = section;
    this.isShown = isShown;
    this.photo = { width: Number(section.dataset.width), height: Number(section.dataset.height) };
    this.field = section.querySelector("[data-strokes-field]");
    this.brush = { size: 1, hardness: 1 };
    this.mode = "keep";
  }

  async open() {
    this.section.querySelector("[data-room]").style.setProperty("--ratio", this.section.dataset.ratio);
    const scale = Math.min(1, MOST_PREVIEW_PX / Math.max(this.photo.width, this.photo.height));
    const size = { width: Math.round(this.photo.width * scale), height: Math.round(this.photo.height * scale) };
    const [preview, pixels] = placedPixels(await loadPicture(this.section.dataset.photo), { left: 0, top: 0, ...size }, size);
    this.model = new CutoutModel(pixels, size.width / this.photo.width);
    this.model.setBase(null);
    this.view = new EditorView(this.section, { preview, model: this.model });
    this.tools = { keep: new BrushTool(this, "keep"), remove: new BrushTool(this, "remove"), polygon: new PolygonTool(this), hand: null };
    this.hand = new Hand(this, this.view);
    this.view.sketches.push((...place) => {
      this.tool?.sketch(...place);
      this.hand.sketch(...place);
    });
    this.watch();
    this.restore();
    this.choose("keep");
    this.section.removeAttribute("data-loading");
    this.tell();
  }

  watch() {
    const start = Math.log2(Math.max(this.photo.width, this.photo.height) * START_SHARE);
    this.section.querySelector("[data-slider=size]").value = start;
    this.size = slider(this.section, "size", (value) => {
      this.brush.size = value;
      this.view.draw();
    });
    this.section.addEventListener("click", ({ target }) => {
      const acts = { undo: () => this.undo(), redo: () => this.redo(), clear: () => this.clear() };
      acts[target.closest("button[data-act]")?.dataset.act]?.();
    });
    this.section.addEventListener("change", ({ target }) => {
      if (target.name === "mark-tool") this.choose(target.value);
    });
    document.addEventListener("keydown", (event) => this.onModifiedKey(event));
    const choose = (name) => () => this.isShown() && this.choose(name);
    const step = (direction) => () => this.isShown() && this.size.step(direction);
    onKeys({
      b: choose("keep"),
      e: choose("remove"),
      p: choose("polygon"),
      h: choose("hand"),
      "[": step(-1),
      "]": step(1),
      Escape: () => this.isShown() && this.hand.cancel(),
      Backspace: () => this.isShown() && this.tool?.back?.(),
    });
  }

  onModifiedKey(event) {
    const isTyping = event.target.closest?.("textarea, input:not([type=radio], [type=range])");
    if (!(event.ctrlKey || event.metaKey) || isTyping || !this.isShown() || document.querySelector("dialog:modal")) return;
    const act = { z: () => (event.shiftKey ? this.redo() : this.undo()), y: () => this.redo() }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** What was painted before the server refused something else. */
  restore() {
    let strokes = [];
    try {
      strokes = JSON.parse(this.field.value || "[]");
    } catch {
      strokes = []; // somebody else's text: begin afresh
    }
    this.model.replay(strokes);
    this.view.repaint();
  }

  choose(name) {
    if (this.tool !== this.tools[name]) {
      this.hand.putPenUp();
      this.tool?.cancel();
    }
    this.tool = this.tools[name];
    this.section.dataset.tool = name;
    this.section.querySelector(`[name=mark-tool][value=${name}]`).checked = true;
    this.view.draw();
    return true;
  }

  /** Enter closes a polygon. */
  confirm() {
    if (this.tool?.name !== "polygon" || this.tool.points.length < 3) return false;
    this.tool.close();
    return true;
  }

  changed(rect) {
    if (rect) this.view.repaint(rect);
    this.view.draw();
  }

  finished(step) {
    if (!step.rect) this.model.undo(); // it missed the picture
    this.tell();
  }

  undo() {
    const step = this.hand.cancel() ? null : this.model.undo();
    if (step) this.changed(step.rect);
    this.tell();
  }

  redo() {
    const step = this.model.redo();
    if (step) this.changed(step.rect);
    this.tell();
  }

  clear() {
    while (this.model.done.length) this.model.undo();
    this.view.repaint();
    this.tell();
  }

  get isPainted() {
    return this.model.alpha.some(Boolean);
  }

  /** How much is painted, in words, what can be done now, and the field. */
  tell() {
    const { done, undone, alpha, strokes } = this.model;
    const share = alpha.reduce((sum, value) => sum + (value > 127 ? 1 : 0), 0) / alpha.length;
    const { none, some } = this.section.dataset;
    const percent = share && share < 0.01 ? "<1" : Math.round(share * 100);
    this.section.querySelector("[data-status]").textContent = share ? some.replace("{n}", percent) : none;
    const enable = (act, can) => this.section.querySelector(`[data-act=${act}]`).setAttribute("aria-disabled", String(!can));
    enable("undo", done.length);
    enable("redo", undone.length);
    enable("clear", done.length);
    this.field.value = done.length ? JSON.stringify(strokes) : "";
  }
}
