// The tools of the cutout editor. Points are [x, y] in pixels of the photo. Each tool hears begin, move, end, cancel
// (returns whether there was something to take back), and draws itself over the picture.
import { boxBetween, clampBox } from "./box-geometry.js";

const NEAR_SCREEN_PX = 12;
const LEAST_BOX_SCREEN_PX = 12;

const onScreen = (frame, scale) => ([x, y]) => [frame.left + x * scale, frame.top + y * scale];

/** A line that shows on light and on dark. */
function outline(context, { dash = [] } = {}) {
  for (const [colour, width] of [["rgb(0 0 0 / 70%)", 3], ["#fff", 1.25]]) {
    context.setLineDash(colour === "#fff" ? dash : []);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
  context.setLineDash([]);
}

/** Keep, remove, and refine: a round brush. Shift and a click draw a straight line from where the last stroke ended. */
export class BrushTool {
  constructor(editor, name) {
    this.editor = editor;
    this.name = name;
    this.last = null;
    this.at = null;
  }

  begin(point, { isStraight } = {}) {
    const { model, brush } = this.editor;
    model.begin(this.name, brush.size, brush.hardness);
    this.editor.changed(model.extend(isStraight && this.last ? [this.last, point] : [point]));
    this.at = point;
  }

  move(points) {
    this.editor.changed(this.editor.model.extend(points));
    this.at = points.at(-1);
  }

  end() {
    this.last = this.at;
    this.editor.finished(this.editor.model.end());
  }

  cancel() {
    if (!this.editor.model.live) return false;
    this.editor.changed(this.editor.model.cancel());
    return true;
  }

  hover(point) {
    this.at = point;
  }

  sketch(context, frame, scale) {
    const { model, brush } = this.editor;
    if (this.name === "refine" && model.live) drawTrail(context, frame, scale, model.live.stroke);
    if (!this.at) return;
    const [x, y] = onScreen(frame, scale)(this.at);
    context.beginPath();
    context.arc(x, y, Math.max(1, (brush.size / 2) * scale), 0, 2 * Math.PI);
    outline(context);
    if (brush.hardness > 0.95 || brush.size * scale < 16) return;
    context.beginPath();
    context.arc(x, y, (brush.size / 2) * scale * brush.hardness, 0, 2 * Math.PI);
    context.strokeStyle = "rgb(255 255 255 / 55%)";
    context.lineWidth = 1;
    context.stroke();
  }
}

/** Where the edge brush has painted and no answer has come yet. */
export function drawTrail(context, frame, scale, { points, size }) {
  const place = onScreen(frame, scale);
  context.beginPath();
  for (const point of points.length === 1 ? [points[0], points[0]] : points) context.lineTo(...place(point));
  Object.assign(context, { lineWidth: size * scale, lineCap: "round", lineJoin: "round" });
  context.strokeStyle = "rgb(90 140 255 / 42%)";
  context.stroke();
}

/** Corners one by one, or drawn freely; closed at the first corner, by a double click or by Enter twice. */
export class PolygonTool {
  constructor(editor) {
    this.editor = editor;
    this.name = "polygon";
    this.points = [];
    this.at = null;
  }

  begin(point) {
    const [first] = this.points;
    const near = (other) => other && Math.hypot(point[0] - other[0], point[1] - other[1]) * this.editor.view.scale < NEAR_SCREEN_PX;
    const isClosing = this.points.length > 2 && (near(first) || near(this.points.at(-1)));
    this.at = point;
    if (isClosing) this.close();
    else if (!near(this.points.at(-1))) this.points.push(point);
    this.editor.view.draw();
  }

  move(points) {
    const last = this.points.at(-1);
    for (const point of points) {
      const far = last && Math.hypot(point[0] - last[0], point[1] - last[1]) * this.editor.view.scale;
      if (far > NEAR_SCREEN_PX) this.points.push(point);
    }
    this.hover(points.at(-1));
  }

  end() {}

  close() {
    const points = this.points.splice(0);
    if (points.length < 3) return;
    const step = this.editor.model.addPolygon(this.editor.mode, points);
    this.editor.changed(step.rect);
    this.editor.finished(step);
  }

  back() {
    const had = this.points.pop();
    this.editor.view.draw();
    return Boolean(had);
  }

  cancel() {
    const had = this.points.splice(0).length > 0;
    this.editor.view.draw();
    return had;
  }

  hover(point) {
    this.at = point;
    this.editor.view.draw();
  }

  sketch(context, frame, scale) {
    const place = onScreen(frame, scale);
    if (this.points.length) {
      context.beginPath();
      for (const point of [...this.points, ...(this.at ? [this.at] : [])]) context.lineTo(...place(point));
      outline(context, { dash: [6, 4] });
    }
    this.points.forEach((point, index) => {
      const [x, y] = place(point);
      context.beginPath();
      context.arc(x, y, index ? 3 : 5, 0, 2 * Math.PI);
      context.fillStyle = "#fff";
      context.fill();
      outline(context);
    });
  }
}

/** A box around the product, for a new cutout inside it. */
export class BoxTool {
  constructor(editor) {
    this.editor = editor;
    this.name = "box";
    this.start = null;
    this.box = null;
  }

  begin(point) {
    this.before = this.box;
    this.start = point;
  }

  move(points) {
    const [x, y] = points.at(-1);
    const { photo } = this.editor;
    const inside = (at) => ({ x: Math.min(Math.max(at[0], 0), photo.width), y: Math.min(Math.max(at[1], 0), photo.height) });
    const drawn = boxBetween(inside(this.start), inside([x, y]));
    const isMeant = Math.min(drawn.width, drawn.height) * this.editor.view.scale >= LEAST_BOX_SCREEN_PX;
    this.box = isMeant ? clampBox(drawn, photo) : this.before;
    this.editor.boxed(this.box);
  }

  end() {
    this.start = null;
  }

  cancel() {
    const had = Boolean(this.box);
    this.box = null;
    this.start = null;
    this.editor.boxed(null);
    return had;
  }

  hover() {}

  sketch(context, frame, scale) {
    if (!this.box) return;
    const [left, top] = onScreen(frame, scale)([this.box.x, this.box.y]);
    const [width, height] = [this.box.width * scale, this.box.height * scale];
    context.beginPath();
    context.rect(frame.left, frame.top, frame.width, frame.height);
    context.rect(left, top, width, height);
    context.fillStyle = "rgb(0 0 0 / 45%)";
    context.fill("evenodd");
    context.beginPath();
    context.rect(left, top, width, height);
    outline(context);
  }
}
