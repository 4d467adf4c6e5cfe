// The cutout editor: model, view, tools and the server, joined. Texts are data-* attributes of the page.
import { onKeys } from "./keys.js";
import { slider } from "./cutout-controls.js";
import { forgetDraft, keepDraft, readDraft } from "./cutout-draft.js";
import { Hand } from "./cutout-hand.js";
import { editorKeys } from "./cutout-keys.js";
import { CutoutModel } from "./cutout-model.js";
import { loadPicture, placedPixels } from "./cutout-pictures.js";
import { grown, touches } from "./cutout-raster.js";
import { cutInBox, refinedPiece, save } from "./cutout-server.js";
import { BoxTool, BrushTool, drawTrail, PolygonTool } from "./cutout-tools.js";
import { EditorView } from "./cutout-view.js";
import { Painting } from "./painting.js";
import { toast } from "./toasts.js";

const START_SHARE = 0.03; // of the longer side, for the brush
const PIECE_MARGIN_PX = 64; // around an edge stroke: what the matting and the colours look at

/** An edge stroke that the server has not worked out. */
function isOpen({ stroke, piece, rect }) {
  return stroke.tool === "refine" && !piece && Boolean(rect);
}

class Editor extends Painting {
  constructor(section) {
    super(section, "tool", 0.8);
    this.texts = section.dataset;
    this.base = section.dataset.base || null;
    this.waiting = new Set();
    this.isSaving = false;
    this.isCutting = false;
  }

  async open() {
    const { dataset } = this.section;
    const size = { width: Number(dataset.previewWidth), height: Number(dataset.previewHeight) };
    const picture = await loadPicture(dataset.photo);
    const [preview, pixels] = placedPixels(picture, { left: 0, top: 0, ...size }, size);
    this.model = new CutoutModel(pixels, size.width / this.photo.width);
    await this.takeBase(dataset.base ? { picture: dataset.cutout, window: JSON.parse(dataset.window) } : null);
    this.view = new EditorView(this.section, { preview, model: this.model });
    const brushes = ["keep", "remove", "refine"].map((name) => [name, new BrushTool(this, name)]);
    this.tools = { box: new BoxTool(this), polygon: new PolygonTool(this), hand: null, ...Object.fromEntries(brushes) };
    this.hand = new Hand(this, this.view);
    this.view.sketches.push((...place) => this.sketch(...place));
    if (dataset.base) this.view.frameOn(JSON.parse(dataset.window));
    this.watch();
    this.choose(this.model.alpha.some(Boolean) ? "keep" : "box");
    this.restore();
    this.section.removeAttribute("data-loading");
    this.tell();
  }

  async takeBase(cutout) {
    let drawn = null;
    if (cutout) {
      const [left, top, width, height] = cutout.window.map((value) => value * this.model.scale);
      [, drawn] = placedPixels(await loadPicture(cutout.picture), { left, top, width, height }, this.model.size);
    }
    this.model.setBase(drawn);
  }

  restore() {
    const strokes = readDraft(this.section.dataset.product, this.base);
    if (!strokes.length) return;
    this.model.replay(strokes);
    this.refineWhatWaits();
    this.view.repaint();
    toast({ message: this.texts.restored });
  }

  watch() {
    this.watchSize(START_SHARE);
    this.hardness = slider(this.section, "hardness", (value) => {
      this.brush.hardness = value / 100;
      this.view.draw();
    });
    this.section.addEventListener("click", (event) => this.onClick(event));
    this.section.addEventListener("change", (event) => this.onChange(event));
    window.addEventListener("beforeunload", (event) => {
      if (this.model.done.length && !this.isSaving) event.preventDefault();
    });
    document.addEventListener("vf:signed-in", () => this.refineWhatWaits());
    document.addEventListener("keydown", (event) => this.onModifiedKey(event));
    onKeys(editorKeys(this));
  }

  /** Escape with nothing to take back leads where the arrow leads, unless something would be lost. */
  leave() {
    if (this.model.done.length) return false;
    this.section.querySelector("[data-leave]").click();
    return true;
  }

  onModifiedKey(event) {
    if (!(event.ctrlKey || event.metaKey) || document.querySelector("dialog:modal")) return;
    this.actOnKey(event, { s: () => this.save() });
  }

  onClick(event) {
    this.actOnClick(event, { save: () => this.save(), cut: () => this.cut(), close: () => this.tools.polygon.close() });
  }

  onChange({ target }) {
    if (target.name === "tool") this.choose(target.value);
    if (target.name === "mode") this.mode = target.value;
    if (target.name === "look") this.look(target.value);
    if (target.name === "ground") this.view.show("cutout", target.value);
    if (target.matches("[data-own-ground]")) this.view.show("cutout", target.value);
  }

  /** Keep becomes remove and back: the brush, or what the polygon does. */
  swap() {
    if (this.tool?.name === "polygon") {
      this.mode = this.mode === "keep" ? "remove" : "keep";
      this.section.querySelector(`[name=mode][value=${this.mode}]`).checked = true;
      return true;
    }
    return this.choose(this.tool?.name === "keep" ? "remove" : "keep");
  }

  look(name) {
    this.section.dataset.look = name;
    this.view.show(name);
  }

  nextLook() {
    const all = [...this.section.querySelectorAll("[name=look]")];
    const next = all[(all.findIndex((one) => one.checked) + 1) % all.length];
    next.checked = true;
    this.look(next.value);
    return true;
  }

  confirm() {
    if (this.tool?.name === "polygon" && this.tool.points.length > 2) this.tool.close();
    else if (this.tool?.name === "box" && this.tool.box) this.cut();
    else return false;
    return true;
  }

  boxed(box) {
    this.section.toggleAttribute("data-boxed", Boolean(box));
    this.view.draw();
  }

  /** Edge strokes that the server has not seen. */
  refineWhatWaits() {
    for (const step of this.model.done) {
      if (isOpen(step) && !this.waiting.has(step)) this.refine(step);
    }
  }

  async refine(step) {
    this.waiting.add(step);
    this.tell();
    const rect = grown(step.rect, PIECE_MARGIN_PX, this.model.size);
    const before = this.model.done.slice(0, this.model.done.indexOf(step) + 1);
    const strokes = before.filter((one) => one.rect && touches(one.rect, rect)).map((one) => one.stroke);
    try {
      const piece = await refinedPiece(this.texts.refine, { base: this.base, strokes, rect });
      this.waiting.delete(step);
      this.changed(this.model.settle(step, piece));
    } catch (error) {
      this.waiting.delete(step);
      if (!error.isSignedOut) this.takeBack(step); // else it waits for the next session
      this.complain(error);
    }
    this.view.draw();
    this.tell();
  }

  /** A stroke that the server could not work out is taken back, with those after it; redo asks again. */
  takeBack(step) {
    while (this.model.done.includes(step)) this.changed(this.model.undo().rect);
  }

  complain(error) {
    if (!error.isSignedOut) toast({ message: error.sentence ?? this.texts.failed, tone: "error" });
  }

  async cut() {
    const { box } = this.tools.box;
    if (!box || this.isCutting) return;
    this.isCutting = true;
    this.tell();
    try {
      const cutout = await cutInBox({ box: this.texts.cutInBox, now: this.texts.now, subject: `product:${this.texts.product}` }, box);
      await this.takeBase(cutout);
      this.base = cutout.id;
      this.tools.box.cancel();
      this.choose("keep");
      this.view.repaint();
      this.refineWhatWaits();
    } catch (error) {
      this.complain(error);
    }
    this.isCutting = false;
    this.tell();
  }

  async save() {
    if (!this.model.done.length || this.isSaving) return;
    this.isSaving = true;
    this.tell();
    try {
      const product = await save(this.texts.save, { base: this.base, strokes: this.model.strokes });
      keepDraft(this.section.dataset.product, this.base, this.model.strokes); // until the worker has done it
      window.location.assign(product);
    } catch (error) {
      this.isSaving = false;
      this.complain(error);
      this.tell();
    }
  }

  sketch(context, frame, scale) {
    for (const step of this.model.done) if (isOpen(step)) drawTrail(context, frame, scale, step.stroke);
    this.tool?.sketch(context, frame, scale);
    this.hand.sketch(context, frame, scale);
  }

  /** What is going on, in words, and what can be done now. */
  tell() {
    const { done, undone, strokes } = this.model;
    const { texts } = this;
    const busy = this.isSaving ? texts.saving : this.isCutting ? texts.cutting : this.waiting.size ? texts.refining : "";
    const count = done.length === 1 ? texts.one : texts.many.replace("{n}", done.length);
    const status = this.section.querySelector("[data-status]");
    status.textContent = busy || (done.length ? count : texts.none);
    this.section.toggleAttribute("data-busy", Boolean(busy));
    this.section.toggleAttribute("data-painted", done.length > 0);
    this.enable("undo", done.length);
    this.enable("redo", undone.length);
    this.enable("save", done.length && !this.isSaving);
    this.enable("cut", !this.isCutting);
    if (done.length) keepDraft(this.section.dataset.product, this.base, strokes);
    else forgetDraft(this.section.dataset.product);
  }
}

const section = document.querySelector("[data-cutout-editor]");
const editor = new Editor(section);
editor.open().catch(() => {
  section.dataset.broken = "";
  section.removeAttribute("data-loading");
});
