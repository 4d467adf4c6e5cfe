// Painting the part of a picture that may change: the model, view, hand and tools of the cutout editor on a mask.
// What is painted goes into one field as strokes in pixels of the picture; the server draws the same mask from them.
import { Hand } from "./cutout-hand.js";
import { CutoutModel } from "./cutout-model.js";
import { loadPicture, placedPixels } from "./cutout-pictures.js";
import { BrushTool, PolygonTool } from "./cutout-tools.js";
import { EditorView } from "./cutout-view.js";
import { onKeys } from "./keys.js";
import { Painting } from "./painting.js";

const START_SHARE = 0.08; // of the longer side, for the brush
const MOST_PREVIEW_PX = 1280;

export class MarkEditor extends Painting {
  /** @param {HTMLElement} section with the room, the tools and the field @param {() => boolean} isShown */
  constructor(section, isShown) {
    super(section, "mark-tool", 1);
    this.isShown = isShown;
    this.field = section.querySelector("[data-strokes-field]");
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
    this.watchSize(START_SHARE);
    this.section.addEventListener("click", (event) => this.actOnClick(event, { clear: () => this.clear() }));
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
    this.actOnKey(event);
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

  /** Enter closes a polygon. */
  confirm() {
    if (this.tool?.name !== "polygon" || this.tool.points.length < 3) return false;
    this.tool.close();
    return true;
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
    this.enable("undo", done.length);
    this.enable("redo", undone.length);
    this.enable("clear", done.length);
    this.field.value = done.length ? JSON.stringify(strokes) : "";
  }
}
