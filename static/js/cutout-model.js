// The cutout while it is painted on, at the size of the preview: alpha and colours, and what was done, step by step.
// A step is one stroke in pixels of the photo, as it will be saved, with the pixels that it changed before and after.
import { coverPolygon, coverSegment, rims, united } from "./cutout-raster.js";

const round = (value) => Math.round(value * 16) / 16;

export class CutoutModel {
  /** @param {ImageData} photo at the preview's size; `scale` is pixels of the preview in one pixel of the photo. */
  constructor(photo, scale) {
    this.size = { width: photo.width, height: photo.height };
    this.scale = scale;
    this.photo = photo.data;
    this.alpha = new Uint8Array(photo.width * photo.height);
    this.rgb = new Uint8ClampedArray(photo.data);
    this.cover = new Uint8Array(photo.width * photo.height);
    this.done = [];
    this.undone = [];
    this.live = null;
  }

  /** The saved cutout, drawn at the preview's size; steps that were made on another one are made on this one again. */
  setBase(cutout) {
    this.rgb.set(this.photo);
    this.alpha.fill(0);
    const drawn = cutout?.data;
    for (let at = 0, from = 0; drawn && at < this.alpha.length; at += 1, from += 4) {
      const alpha = drawn[from + 3];
      this.alpha[at] = alpha;
      if (alpha > 0 && alpha < 255) for (let i = 0; i < 3; i += 1) this.rgb[from + i] = drawn[from + i];
    }
    for (const step of this.done) {
      step.piece = null;
      this.#make(step);
    }
    this.undone.length = 0;
  }

  get strokes() {
    return this.done.map((step) => step.stroke);
  }

  toPreview([x, y]) {
    return { x: x * this.scale, y: y * this.scale };
  }

  begin(tool, size, hardness) {
    this.live = { stroke: { tool, size: round(size), hardness, points: [] }, rect: null };
    this.#snap();
  }

  /** Paints on to `points` ([x, y] in pixels of the photo). Returns the rectangle of the preview that changed. */
  extend(points) {
    const { stroke } = this.live;
    const brush = rims(stroke.size * this.scale, stroke.hardness);
    let changed = null;
    for (const point of points.map((pair) => pair.map(round))) {
      const before = stroke.points.at(-1) ?? point;
      stroke.points.push(point);
      changed = united(changed, coverSegment(this.cover, this.size, this.toPreview(before), this.toPreview(point), brush));
    }
    this.live.rect = united(this.live.rect, changed);
    if (changed && stroke.tool !== "refine") this.#apply(stroke.tool, changed);
    return changed;
  }

  /** The stroke is done. Returns its step. */
  end() {
    const step = this.live;
    this.live = null;
    this.#close(step);
    return this.#push(step);
  }

  /** The stroke never was. Returns the rectangle to draw again. */
  cancel() {
    const { rect } = this.live;
    this.live = null;
    this.alpha.set(this.before.alpha);
    this.rgb.set(this.before.rgb);
    this.#clearCover(rect);
    return rect;
  }

  addPolygon(mode, points) {
    return this.#push(this.#make({ stroke: { tool: "polygon", mode, points: points.map((pair) => pair.map(round)) } }));
  }

  /** Strokes of a draft, painted again. */
  replay(strokes) {
    for (const stroke of strokes) this.#push(this.#make({ stroke }));
  }

  undo() {
    const step = this.done.pop();
    if (!step) return null;
    this.#write(step, "before");
    this.undone.push(step);
    return step;
  }

  redo() {
    const step = this.undone.pop();
    if (!step) return null;
    if (step.isStale) this.#make(step);
    else this.#write(step, "after");
    this.done.push(step);
    return step;
  }

  /** The server's answer to an edge stroke. Later steps are taken back, and made again on top of it. */
  settle(step, piece) {
    step.piece = piece;
    for (const one of this.undone) one.isStale = true;
    const index = this.done.indexOf(step);
    if (index < 0) return null;
    const remade = this.done.slice(index);
    for (const one of remade.toReversed()) this.#write(one, "before");
    return remade.map((one) => this.#make(one).rect).reduce(united, null);
  }

  #push(step) {
    this.done.push(step);
    this.undone.length = 0;
    return step;
  }

  #make(step) {
    this.#snap();
    step.isStale = false;
    const { stroke } = step;
    const points = stroke.points.map((pair) => this.toPreview(pair));
    let rect = null;
    if (stroke.tool === "polygon") rect = coverPolygon(this.cover, this.size, points);
    else {
      const brush = rims(stroke.size * this.scale, stroke.hardness);
      points.forEach((point, index) => {
        rect = united(rect, coverSegment(this.cover, this.size, points[Math.max(0, index - 1)], point, brush));
      });
    }
    step.rect = rect;
    if (rect && stroke.tool === "refine") this.#place(step);
    else if (rect) this.#apply(stroke.mode ?? stroke.tool, rect);
    this.#close(step);
    return step;
  }

  #snap() {
    this.before = { alpha: this.alpha.slice(), rgb: this.rgb.slice() };
  }

  /** Alpha from the alpha before the stroke and the stroke's whole coverage. */
  #apply(what, rect) {
    const { alpha, rgb, photo, cover, before } = this;
    for (let y = rect.top; y < rect.bottom; y += 1) {
      for (let at = y * this.size.width + rect.left, end = at + rect.right - rect.left; at < end; at += 1) {
        if (!cover[at]) continue;
        if (what === "remove") {
          alpha[at] = Math.min(before.alpha[at], 255 - cover[at]);
        } else if (cover[at] > before.alpha[at]) {
          alpha[at] = cover[at];
          for (let i = at * 4; i < at * 4 + 3; i += 1) rgb[i] = photo[i];
        }
      }
    }
  }

  /** The server's pixels where the edge brush painted. */
  #place({ piece, rect }) {
    if (!piece) return;
    const { left, top, image } = piece;
    for (let y = rect.top; y < rect.bottom; y += 1) {
      for (let x = rect.left; x < rect.right; x += 1) {
        const at = y * this.size.width + x;
        if (!this.cover[at]) continue;
        const from = ((y - top) * image.width + x - left) * 4;
        this.alpha[at] = image.data[from + 3];
        if (image.data[from + 3]) for (let i = 0; i < 3; i += 1) this.rgb[at * 4 + i] = image.data[from + i];
      }
    }
  }

  /** Remembers which pixels the step changed, and clears the coverage for the next one. */
  #close(step) {
    const { rect } = step;
    const found = [];
    for (let y = rect?.top ?? 0; y < (rect?.bottom ?? 0); y += 1) {
      for (let at = y * this.size.width + rect.left, end = at + rect.right - rect.left; at < end; at += 1) {
        if (this.cover[at]) found.push(at);
      }
    }
    step.index = Uint32Array.from(found);
    step.before = this.#pixels(step.index, this.before);
    step.after = this.#pixels(step.index, this);
    this.#clearCover(rect);
    this.before = null;
  }

  #pixels(index, { alpha, rgb }) {
    const kept = new Uint8ClampedArray(index.length * 4);
    index.forEach((at, n) => {
      kept.set([rgb[at * 4], rgb[at * 4 + 1], rgb[at * 4 + 2], alpha[at]], n * 4);
    });
    return kept;
  }

  #write(step, when) {
    const kept = step[when];
    step.index.forEach((at, n) => {
      for (let i = 0; i < 3; i += 1) this.rgb[at * 4 + i] = kept[n * 4 + i];
      this.alpha[at] = kept[n * 4 + 3];
    });
  }

  #clearCover(rect) {
    for (let y = rect?.top ?? 0; y < (rect?.bottom ?? 0); y += 1) {
      this.cover.fill(0, y * this.size.width + rect.left, y * this.size.width + rect.right);
    }
  }
}
