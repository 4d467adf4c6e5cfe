// Hands on the picture: mouse, pen, fingers and keys become begin, move and end of the tool that is chosen.
// One finger works, two fingers move and zoom; Space, the middle button or the hand tool move the picture.
const KEY_STEP_SCREEN_PX = 6;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const apart = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

export class Hand {
  constructor(editor, view) {
    this.editor = editor;
    this.view = view;
    this.room = view.room;
    this.pointers = new Map();
    this.doing = null; // "tool", "pan", "keys" or null
    this.cursor = null; // where the keyboard points, in pixels of the photo
    this.isSpace = false;
    const heard = { pointerdown: "onDown", pointermove: "onMove", pointerup: "onUp", pointercancel: "onCancel", pointerleave: "onLeave" };
    for (const [name, method] of Object.entries(heard)) this.room.addEventListener(name, (event) => this[method](event));
    this.room.addEventListener("contextmenu", (event) => event.preventDefault());
    this.room.addEventListener("keydown", (event) => this.onKey(event));
    document.addEventListener("keydown", (event) => this.onSpace(event, true));
    document.addEventListener("keyup", (event) => this.onSpace(event, false));
  }

  get tool() {
    return this.editor.tool;
  }

  get isPanning() {
    return this.isSpace || !this.tool;
  }

  onSpace(event, isDown) {
    if (event.key !== " " || event.target.closest?.("button, input:not([type=radio], [type=range]), textarea, select, summary, a, dialog")) return;
    event.preventDefault();
    this.isSpace = isDown;
    this.room.toggleAttribute("data-grab", this.isPanning);
  }

  onDown(event) {
    if (event.target.closest("button, a, input")) return;
    event.preventDefault();
    this.room.focus({ preventScroll: true });
    this.pointers.set(event.pointerId, event);
    this.room.setPointerCapture(event.pointerId);
    if (this.pointers.size === 2) this.beginPinch();
    if (this.pointers.size > 1 || event.button > 1) return;
    this.putPenUp();
    this.cursor = null;
    this.doing = this.isPanning || event.button === 1 ? "pan" : "tool";
    this.room.toggleAttribute("data-dragging", this.doing === "pan");
    if (this.doing === "tool") this.tool.begin(this.view.place(event), { isStraight: event.shiftKey });
  }

  /** The first finger had begun something that was not meant. */
  beginPinch() {
    if (this.doing === "tool") this.tool.cancel();
    this.doing = "pan";
  }

  onMove(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) {
      this.cursor = null;
      if (event.pointerType !== "touch") this.hover(this.view.place(event));
      return;
    }
    this.pointers.set(event.pointerId, event);
    if (this.doing === "tool") {
      const all = event.getCoalescedEvents?.() ?? [];
      this.tool.move((all.length ? all : [event]).map((one) => this.view.place(one)));
    } else if (this.doing === "pan") {
      this.pan(event, last);
    }
  }

  pan(event, last) {
    const other = [...this.pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    const share = other ? 0.5 : 1; // two fingers each move the picture by half
    this.view.moveBy((event.clientX - last.clientX) * share, (event.clientY - last.clientY) * share);
    if (!other) return;
    const factor = apart(event, other) / Math.max(1, apart(last, other));
    const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
    this.view.zoomTo(this.view.zoom * factor, this.view.under(middle));
  }

  onUp(event) {
    if (!this.pointers.delete(event.pointerId) || this.pointers.size) return;
    if (this.doing === "tool") this.tool.end();
    this.rest();
  }

  onCancel(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.doing === "tool") this.tool.cancel();
    if (!this.pointers.size) this.rest();
  }

  rest() {
    this.doing = null;
    this.room.removeAttribute("data-dragging");
  }

  onLeave(event) {
    if (!this.pointers.size && event.pointerType !== "touch" && !this.cursor) this.hover(null);
  }

  hover(point) {
    this.tool?.hover(point);
    this.view.draw();
  }

  /** Arrows move a cursor, Enter puts the pen down and lifts it again. */
  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.target !== this.room) return;
    const arrow = ARROWS[event.key];
    if (arrow) this.onArrow(event, arrow);
    else if (event.key === "Enter" && this.tool) this.onEnter();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  onArrow(event, [dx, dy]) {
    if (!this.tool || event.altKey) {
      this.view.pan(-dx, -dy);
      return;
    }
    const step = (KEY_STEP_SCREEN_PX * (event.shiftKey ? 6 : 1)) / this.view.scale;
    const { photo } = this.editor;
    const [x, y] = this.cursor ?? [this.view.centre.x * photo.width, this.view.centre.y * photo.height];
    const within = (value, most) => Math.min(Math.max(value, 0), most);
    this.cursor = this.cursor ? [within(x + dx * step, photo.width), within(y + dy * step, photo.height)] : [x, y];
    this.view.reveal(this.cursor);
    if (this.doing === "keys") this.tool.move([this.cursor]);
    else this.hover(this.cursor);
  }

  onEnter() {
    if (!this.cursor) {
      this.editor.confirm();
    } else if (this.doing === "keys") {
      this.putPenUp();
    } else {
      this.tool.begin(this.cursor);
      if (this.tool.name !== "polygon") this.doing = "keys";
    }
  }

  /** Ends a stroke that the keyboard began. */
  putPenUp() {
    if (this.doing !== "keys") return;
    this.tool.end();
    this.rest();
  }

  /** Takes back what is being drawn. Returns whether there was anything. */
  cancel() {
    const had = this.tool?.cancel() ?? false;
    this.rest();
    return had;
  }

  sketch(context, frame, scale) {
    if (!this.cursor) return;
    const [x, y] = [frame.left + this.cursor[0] * scale, frame.top + this.cursor[1] * scale];
    for (const [colour, width] of [["rgb(0 0 0 / 75%)", 3], ["#fff", 1]]) {
      context.beginPath();
      for (const [dx, dy] of Object.values(ARROWS)) {
        context.moveTo(x + dx * 4, y + dy * 4);
        context.lineTo(x + dx * 12, y + dy * 12);
      }
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }
}
