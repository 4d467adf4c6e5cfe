// Zoom and pan of one picture. Zoom is screen (device) pixels per picture pixel: 1 = actual pixels, at most 4.
import { drawPixelGrid } from "./pixel-grid.js";

const STEPS = [0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4];
const MOST = 4;
const GRID_FROM = 4;
const PAN_SHARE = 0.15;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class Viewer {
  constructor(section) {
    this.room = section.querySelector("[data-room]");
    this.picture = section.querySelector("[data-picture]");
    this.grid = section.querySelector("[data-pixel-grid]");
    this.text = section.querySelector("[data-zoom-text]");
    this.size = { width: Number(section.dataset.width), height: Number(section.dataset.height) };
    this.fitted = true;
    this.centre = { x: 0.5, y: 0.5 };
    this.onMove = () => {};
    this.pointers = new Map();
    this.watch(section);
    this.fit();
  }

  watch(section) {
    new ResizeObserver(() => (this.fitted ? this.fit() : this.draw())).observe(this.room);
    section.addEventListener("click", (event) => {
      const tool = event.target.closest("[data-zoom]")?.dataset.zoom;
      if (tool) ({ in: () => this.step(1), out: () => this.step(-1), fit: () => this.fit(), actual: () => this.actual() })[tool]();
    });
    this.room.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.room.addEventListener("dblclick", (event) => (this.fitted ? this.zoomTo(1, this.under(event)) : this.fit()));
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.room.addEventListener(name, (event) => this.onPointer(event));
    }
  }

  get density() {
    return window.devicePixelRatio || 1;
  }

  get fitZoom() {
    const { clientWidth, clientHeight } = this.room;
    return Math.min((clientWidth * this.density) / this.size.width, (clientHeight * this.density) / this.size.height, MOST);
  }

  get isLarger() {
    return this.zoom > this.fitZoom * 1.001;
  }

  fit() {
    this.fitted = true;
    this.zoom = Math.min(this.fitZoom, 1);
    this.centre = { x: 0.5, y: 0.5 };
    this.draw();
    return true;
  }

  actual() {
    return this.zoomTo(1);
  }

  step(direction) {
    const next = direction > 0 ? STEPS.find((zoom) => zoom > this.zoom * 1.01) : STEPS.findLast((zoom) => zoom < this.zoom * 0.99);
    return this.zoomTo(next ?? this.zoom);
  }

  /** Zoom so that `anchor` (a point of the room, CSS px from its middle) keeps showing the same spot. */
  zoomTo(zoom, anchor = { x: 0, y: 0 }) {
    const before = this.zoom / this.density;
    this.zoom = clamp(zoom, Math.min(this.fitZoom, STEPS[0]), MOST);
    const after = this.zoom / this.density;
    this.centre.x += (anchor.x / before - anchor.x / after) / this.size.width;
    this.centre.y += (anchor.y / before - anchor.y / after) / this.size.height;
    this.fitted = false;
    this.draw();
    return true;
  }

  /** Move by a share of the room. */
  pan(dx, dy) {
    return this.moveBy(dx * PAN_SHARE * this.room.clientWidth, dy * PAN_SHARE * this.room.clientHeight);
  }

  moveBy(dx_px, dy_px) {
    const scale = this.zoom / this.density;
    this.centre.x -= dx_px / scale / this.size.width;
    this.centre.y -= dy_px / scale / this.size.height;
    this.draw();
    return true;
  }

  under(event) {
    const box = this.room.getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  }

  /** Where the picture lies in the room, in CSS px on whole device pixels. */
  frame() {
    const scale = this.zoom / this.density;
    const width = this.size.width * scale;
    const height = this.size.height * scale;
    const { clientWidth, clientHeight } = this.room;
    const half = { x: Math.min(0.5, clientWidth / 2 / width), y: Math.min(0.5, clientHeight / 2 / height) };
    this.centre = { x: clamp(this.centre.x, half.x, 1 - half.x), y: clamp(this.centre.y, half.y, 1 - half.y) };
    const snap = (value) => Math.round(value * this.density) / this.density;
    return { left: snap(clientWidth / 2 - this.centre.x * width), top: snap(clientHeight / 2 - this.centre.y * height), width: snap(width), height: snap(height) };
  }

  draw() {
    const frame = this.frame();
    for (const [name, value] of Object.entries(frame)) this.picture.style.setProperty(name, `${value}px`);
    this.picture.style.setProperty("right", "auto");
    this.picture.style.setProperty("bottom", "auto");
    this.picture.toggleAttribute("data-enlarged", this.zoom > 1);
    this.text.textContent = `${Math.round(this.zoom * 100)}%`;
    drawPixelGrid(this.grid, this.room, frame, this.size, this.zoom >= GRID_FROM);
    this.onMove(frame);
  }

  /** Clip `before` at `percent` of the visible picture and put `line` there. */
  placeComparison(percent, before, line) {
    const frame = this.frame();
    const left = Math.max(0, frame.left);
    const right = Math.min(this.room.clientWidth, frame.left + frame.width);
    const at = left + ((right - left) * percent) / 100;
    before.style.setProperty("--at", `${((at - frame.left) / frame.width) * 100}%`);
    line.style.setProperty("--at", `${at}px`);
    return { at, left, right };
  }

  onWheel(event) {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey || !this.isLarger || event.deltaMode !== 0 || Math.abs(event.deltaY) >= 80) {
      this.zoomTo(this.zoom * Math.exp(-event.deltaY / 400), this.under(event));
    } else {
      this.moveBy(-event.deltaX, -event.deltaY);
    }
  }

  onPointer(event) {
    if (event.target.closest("a, button, input, [data-compare-line]")) return;
    if (event.type === "pointerdown") {
      this.pointers.set(event.pointerId, event);
      this.room.setPointerCapture(event.pointerId);
    } else if (event.type === "pointermove" && this.pointers.has(event.pointerId)) {
      this.onDrag(event);
    } else if (event.type !== "pointermove") {
      this.pointers.delete(event.pointerId);
    }
    this.room.toggleAttribute("data-dragging", this.pointers.size > 0);
  }

  /** One pointer moves; two pinch. */
  onDrag(event) {
    const last = this.pointers.get(event.pointerId);
    const other = [...this.pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (!other) {
      this.moveBy(event.clientX - last.clientX, event.clientY - last.clientY);
      return;
    }
    const apart = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    this.zoomTo((this.zoom * apart(event, other)) / Math.max(1, apart(last, other)), this.under(event));
  }
}
