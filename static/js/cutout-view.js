// The room of the cutout editor: one canvas that shows photo, layer and what is being drawn, with zoom and pan.
// Zoom and pan are the large view's; its picture is drawn here instead of laid out.
import { isOverPhoto, paintLayer, reach } from "./cutout-layer.js";
import { grown, united } from "./cutout-raster.js";
import { Viewer } from "./viewer.js";

const SMOOTH_BELOW = 3; // screen pixels of one pixel of the preview
const MOST_DENSITY = 2;
const SMALL_SHARE = 0.6; // of the photo's width and height
const MARGIN_SHARE = 0.3;

export class EditorView extends Viewer {
  /** @param {HTMLElement} section @param {{preview: CanvasImageSource, model: CutoutModel}} content */
  constructor(section, { preview, model }) {
    super(section);
    this.preview = preview;
    this.model = model;
    this.canvas = section.querySelector("[data-canvas]");
    this.layer = new OffscreenCanvas(model.size.width, model.size.height).getContext("2d");
    this.look = section.dataset.look ?? "photo";
    this.ground = "checker";
    this.sketches = [];
    this.isAsked = false;
    this.dirty = null;
    this.repaint();
  }

  /** Pointers belong to the tools; the wheel and the buttons are the viewer's. */
  watch(section) {
    new ResizeObserver(() => (this.fitted ? this.fit() : this.draw())).observe(this.room);
    section.addEventListener("click", (event) => {
      const tool = event.target.closest("[data-zoom]")?.dataset.zoom;
      if (tool) ({ in: () => this.step(1), out: () => this.step(-1), fit: () => this.fit(), actual: () => this.actual() })[tool]();
    });
    this.room.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
  }

  show(look, ground = this.ground) {
    this.look = look;
    this.ground = ground;
    this.repaint();
  }

  /** Brings the layer up to date where the model changed, with the next frame. */
  repaint(rect = { left: 0, top: 0, right: this.model.size.width, bottom: this.model.size.height }) {
    this.dirty = united(this.dirty, rect);
    this.draw();
  }

  paintDirty() {
    if (!this.dirty) return;
    paintLayer(this.layer, this.model, this.look, grown(this.dirty, reach(this.look), this.model.size));
    this.dirty = null;
  }

  /** Screen pixels (CSS) of one pixel of the photo. */
  get scale() {
    return this.zoom / this.density;
  }

  /** A product that is small in its photo is shown large; all of the photo is one key away. */
  frameOn([x, y, width, height]) {
    if (Math.max(width / this.size.width, height / this.size.height) > SMALL_SHARE) return;
    const { clientWidth, clientHeight } = this.room;
    const room = Math.min(clientWidth / width, clientHeight / height) * this.density * (1 - MARGIN_SHARE);
    this.zoomTo(Math.max(this.zoom, Math.min(room, 1)));
    this.centre = { x: (x + width / 2) / this.size.width, y: (y + height / 2) / this.size.height };
    this.draw();
  }

  /** A pointer's place in pixels of the photo. */
  place(event) {
    const room = this.room.getBoundingClientRect();
    const frame = this.frame();
    return [(event.clientX - room.left - frame.left) / this.scale, (event.clientY - room.top - frame.top) / this.scale];
  }

  /** Moves as little as needed to show a point of the photo. */
  reveal([x, y]) {
    const frame = this.frame();
    const margin = 24;
    const out = (at, room) => Math.max(0, margin - at) || Math.min(0, room - margin - at);
    const dx = out(frame.left + x * this.scale, this.room.clientWidth);
    const dy = out(frame.top + y * this.scale, this.room.clientHeight);
    if (dx || dy) this.moveBy(dx, dy);
  }

  draw() {
    this.text.textContent = `${Math.round(this.zoom * 100)}%`;
    if (this.isAsked || !this.model) return;
    this.isAsked = true;
    requestAnimationFrame(() => {
      this.isAsked = false;
      this.render();
    });
  }

  render() {
    this.paintDirty();
    const density = Math.min(MOST_DENSITY, this.density);
    const { clientWidth, clientHeight } = this.room;
    const [width, height] = [Math.round(clientWidth * density), Math.round(clientHeight * density)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
    const frame = this.frame();
    this.drawGround(context, frame);
    context.imageSmoothingEnabled = frame.width / this.model.size.width < SMOOTH_BELOW;
    context.imageSmoothingQuality = "high";
    if (isOverPhoto(this.look)) context.drawImage(this.preview, frame.left, frame.top, frame.width, frame.height);
    context.drawImage(this.layer.canvas, frame.left, frame.top, frame.width, frame.height);
    for (const sketch of this.sketches) sketch(context, frame, this.scale);
  }

  drawGround(context, { left, top, width, height }) {
    if (this.look !== "cutout") return;
    context.fillStyle = this.ground === "checker" ? this.checker(context) : this.ground;
    context.fillRect(left, top, width, height);
  }

  checker(context) {
    const { color, backgroundColor } = getComputedStyle(this.picture);
    const tile = new OffscreenCanvas(20, 20);
    const drawn = tile.getContext("2d");
    drawn.fillStyle = backgroundColor;
    drawn.fillRect(0, 0, 20, 20);
    drawn.fillStyle = color;
    drawn.fillRect(0, 0, 10, 10);
    drawn.fillRect(10, 10, 10, 10);
    return context.createPattern(tile, "repeat");
  }
}
