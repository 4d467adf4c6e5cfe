// Direct manipulation on the picture: drag moves, corners scale, the round handle rotates; wheel and keys do the same.
const SETTLE_MS = 350;
const STEP = 0.005;
const LARGE = 5;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class Easel {
  #drag = null;
  #timer = 0;
  #seen = null; // what the picture on show says: box, base and the wish that it was drawn for

  constructor(element, state, knobs) {
    this.element = element;
    this.state = state;
    this.knobs = knobs;
    this.picture = element.querySelector("[data-picture]");
    this.image = element.querySelector("[data-draft-image]");
    this.box = element.querySelector("[data-box]");
    this.ghost = element.querySelector("[data-ghost]");
    this.aspect = this.image.naturalWidth ? this.image.naturalWidth / this.image.naturalHeight : 1;
    this.image.addEventListener("load", () => this.fit());
    new ResizeObserver(() => this.fit()).observe(element);
    this.watchPointer();
    element.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.fit();
  }

  fit() {
    if (this.image.naturalWidth) this.aspect = this.image.naturalWidth / this.image.naturalHeight;
    const { clientWidth, clientHeight } = this.element;
    const width = Math.min(clientWidth - 32, (clientHeight - 32) * this.aspect);
    this.picture.style.setProperty("width", `${Math.round(width)}px`);
    this.picture.style.setProperty("height", `${Math.round(width / this.aspect)}px`);
    this.place();
  }

  show(draft, wish) {
    this.image.src = draft.url;
    this.#seen = draft.box ? { box: draft.box, base: draft.base, wish } : null;
    this.ghost?.toggleAttribute("hidden", true);
    this.fit();
  }

  /** Where the product will be, from where it is and what was changed since: exact but for perspective. */
  expected() {
    const { box, base, wish } = this.#seen;
    const now = this.state.wish;
    const moved = (axis) => (now.offset?.[axis] ?? 0) - (wish.offset?.[axis] ?? 0);
    const growth = (now.edits.scale ?? 1) / (wish.edits.scale ?? 1);
    const x = base[0] + moved(0);
    const y = base[1] + moved(1) * this.aspect;
    return {
      left: x + (box[0] - base[0]) * growth,
      top: y + (box[1] - base[1]) * growth,
      width: box[2] * growth,
      height: box[3] * growth,
      turn: (now.edits.rotate_deg ?? 0) - (wish.edits.rotate_deg ?? 0),
    };
  }

  place() {
    this.box.hidden = !this.#seen;
    if (!this.#seen) return;
    const { left, top, width, height, turn } = this.expected();
    for (const part of [this.box, this.ghost]) {
      if (!part) continue;
      const sides = { left, top, width, height };
      for (const [side, share] of Object.entries(sides)) part.style.setProperty(side, `${(share * 100).toFixed(3)}%`);
      part.style.setProperty("rotate", `${turn}deg`);
    }
  }

  watchPointer() {
    this.picture.addEventListener("pointerdown", (event) => this.begin(event));
    this.picture.addEventListener("pointermove", (event) => this.#drag && this.follow(event));
    for (const name of ["pointerup", "pointercancel"]) this.picture.addEventListener(name, () => this.end());
  }

  begin(event) {
    const isControl = event.target.closest("[data-compare-range]");
    if (!this.#seen || event.button !== 0 || isControl) return;
    const kind = event.target.closest("[data-handle]")?.dataset.handle ?? (event.target.closest("[data-box]") ? "move" : "");
    if (!kind) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    this.picture.setPointerCapture(event.pointerId);
    const place = this.picture.getBoundingClientRect();
    const { left, top, width, height } = this.expected();
    const { base, wish } = this.#seen;
    const foot = [base[0] + (this.offset[0] - (wish.offset?.[0] ?? 0)), base[1] + (this.offset[1] - (wish.offset?.[1] ?? 0)) * this.aspect];
    const toPage = ([x, y]) => ({ x: place.left + x * place.width, y: place.top + y * place.height });
    this.#drag = {
      kind,
      x: event.clientX,
      y: event.clientY,
      width: place.width,
      offset: this.offset,
      scale: this.knobs.scale.value,
      turn: this.knobs.rotate_deg.value,
      foot: toPage(foot),
      middle: toPage([left + width / 2, top + height / 2]),
    };
    this.element.dataset.dragging = kind;
    if (this.ghost && kind !== "turn" && !this.state.wish.edits.rotate_deg) this.ghost.hidden = false;
    if (this.ghost) this.ghost.toggleAttribute("data-flipped", Boolean(this.state.wish.edits.flip));
  }

  get offset() {
    return this.state.wish.offset ?? [0, 0];
  }

  follow(event) {
    const drag = this.#drag;
    const dx = event.clientX - drag.x;
    const dy = event.clientY - drag.y;
    if (drag.kind === "move") {
      this.moveTo(drag.offset[0] + dx / drag.width, drag.offset[1] + dy / drag.width);
    } else if (drag.kind === "scale") {
      const far = (x, y) => Math.hypot(x - drag.foot.x, y - drag.foot.y);
      this.knobs.scale.set((drag.scale * far(event.clientX, event.clientY)) / Math.max(8, far(drag.x, drag.y)));
    } else {
      const angle = (x, y) => (Math.atan2(y - drag.middle.y, x - drag.middle.x) * 180) / Math.PI;
      let turn = drag.turn + angle(event.clientX, event.clientY) - angle(drag.x, drag.y);
      turn = ((((turn + 180) % 360) + 360) % 360) - 180;
      const upright = Math.round(turn / 90) * 90; // the last degrees before a quarter turn snap
      this.knobs.rotate_deg.set(Math.abs(turn - upright) < 2.5 && !event.altKey ? upright : turn);
    }
  }

  end() {
    if (!this.#drag) return;
    this.#drag = null;
    delete this.element.dataset.dragging;
    this.state.commit();
  }

  moveTo(x, y) {
    const offset = [clamp(x, -0.6, 0.6), clamp(y, -0.6, 0.6)].map((value) => Number(value.toFixed(4)));
    if (offset.every((value) => value === 0)) {
      const { offset: _old, ...others } = this.state.wish;
      this.state.wish = others;
      this.state.change({});
    } else {
      this.state.change({ offset });
    }
  }

  /** One step of a key or the wheel; steps in quick succession are one entry of the history. */
  nudge(change) {
    change();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.state.commit(), SETTLE_MS);
    return true;
  }

  move(dx, dy, isLarge) {
    const far = STEP * (isLarge ? LARGE : 1);
    const [x, y] = this.offset;
    return this.nudge(() => this.moveTo(x + dx * far, y + dy * far));
  }

  scale(direction, isLarge) {
    return this.nudge(() => this.knobs.scale.set(this.knobs.scale.value * (1 + direction * (isLarge ? 0.1 : 0.02))));
  }

  turn(direction, isLarge) {
    return this.nudge(() => this.knobs.rotate_deg.set(this.knobs.rotate_deg.value + direction * (isLarge ? 15 : 1)));
  }

  onWheel(event) {
    if (!this.#seen) return;
    event.preventDefault();
    this.nudge(() => this.knobs.scale.set(this.knobs.scale.value * Math.exp(-clamp(event.deltaY, -120, 120) / 900)));
  }
}
