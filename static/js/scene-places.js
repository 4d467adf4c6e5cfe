// Boxes on the frame of a scene: where the product, its props and other things should be. Pointer and keys write one field.
import { clampBox, dragBox, isMeant, nudgeBox } from "./box-geometry.js";
import { csrfToken } from "./session.js";

const FRAME = { width: 1000, height: 1000 }; // boxes are kept in thousandths of the picture
const LEAST = 30;
const STEP = 10;
const BIG_STEP = 50;
const PLAN_WAIT_MS = 600;

/** Fractions of the picture, as the form sends them. */
const asFractions = ({ x, y, width, height }) => [x, y, width, height].map((value) => value / 1000);

const asBox = ([left, top, width, height]) =>
  clampBox({ x: left * 1000, y: top * 1000, width: width * 1000, height: height * 1000 }, FRAME);

/** A place for one more thing: beside the product, then on its other side, then wherever. */
export function freshBox(object, count) {
  if (object === "product") return { x: 300, y: 260, width: 400, height: 560 };
  const places = [[60, 480], [700, 480], [60, 160], [700, 160]];
  const [x, y] = places[count % places.length];
  return { x, y, width: 240, height: 320 };
}

export class Places {
  constructor(root, form) {
    this.root = root;
    this.form = form;
    this.frame = root.querySelector("[data-frame]");
    this.list = root.querySelector("[data-boxes]");
    this.field = root.querySelector("[data-boxes-field]");
    this.things = root.querySelector("[data-things]");
    this.ghost = root.querySelector("[data-ghost]");
    this.outlines = root.querySelector("[data-plan]");
    this.planned = [];
    this.places = new Map();
    this.read();
    this.things.hidden = false;
    this.offer();
    form.addEventListener("change", (event) => event.target.name === "props" && this.offer());
    for (const type of ["input", "change"]) form.addEventListener(type, () => this.planSoon());
    this.planSoon();
  }

  /** A change of a part has a frame, too, and nothing to plan. */
  planSoon() {
    if (!this.outlines) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.plan(), PLAN_WAIT_MS);
  }

  /** Asks where things would be. What can not be planned now (a word too many, no connection) leaves what is shown. */
  async plan() {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
    try {
      const answer = await fetch(this.root.dataset.planUrl, { method: "POST", headers, body: new FormData(this.form), signal });
      if (!answer.ok) return;
      this.planned = (await answer.json()).things;
    } catch {
      return; // overtaken by the next one, or no connection
    }
    this.offer();
  }

  /** Dashed outlines of what has no box of its own. */
  showPlan() {
    if (!this.outlines) return;
    const outlines = this.planned.filter(({ object }) => !this.places.has(object)).map(({ name, box }) => {
      const outline = document.createElement("div");
      outline.className = "planned";
      for (const [index, side] of ["x", "y", "w", "h"].entries()) outline.style.setProperty(`--${side}`, box[index]);
      const label = document.createElement("span");
      label.textContent = name;
      outline.append(label);
      return outline;
    });
    this.outlines.replaceChildren(...outlines);
  }

  read() {
    let kept = [];
    try {
      kept = JSON.parse(this.field.value || "[]");
    } catch {
      kept = []; // somebody else's text: begin afresh
    }
    for (const { object, box } of kept) this.place(object, asBox(box));
  }

  /** The things that can get a box: the product, the props that are ticked, and what the words name. */
  get choices() {
    const props = [...this.form.querySelectorAll("input[name=props]:checked")];
    const said = this.planned.filter(({ object }) => !this.isProp(object));
    return [
      { object: "product", name: this.root.dataset.nameProduct },
      ...props.map((input) => ({ object: input.value, name: input.nextElementSibling.textContent })),
      ...said.map(({ object, name }) => ({ object, name })),
    ];
  }

  /** Where a box begins: at the planned place, else somewhere free. */
  placeFor(object) {
    const plan = this.planned.find((thing) => thing.object === object);
    return plan ? asBox(plan.box) : freshBox(object, this.places.size);
  }

  nameOf(object) {
    return this.choices.find((choice) => choice.object === object)?.name ?? object;
  }

  offer() {
    const objects = new Set(this.choices.map((choice) => choice.object));
    for (const object of this.places.keys()) if (!objects.has(object) && this.isProp(object)) this.remove(object);
    const buttons = this.choices
      .filter(({ object }) => !this.places.has(object))
      .map(({ object, name }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "button button--small";
        button.textContent = `+ ${name}`;
        button.addEventListener("click", () => this.place(object, this.placeFor(object)).focus());
        return button;
      });
    this.things.replaceChildren(...buttons);
    this.things.hidden = buttons.length === 0;
    this.showPlan();
  }

  isProp(object) {
    return this.form.querySelector(`input[name=props][value="${CSS.escape(object)}"]`) !== null;
  }

  place(object, box) {
    const item = this.root.querySelector("[data-box-template]").content.cloneNode(true).querySelector(".place");
    const name = this.nameOf(object);
    item.querySelector(".place__name").textContent = name;
    item.setAttribute("aria-label", this.root.dataset.move.replace("{name}", name));
    const remove = item.querySelector(".place__remove");
    remove.setAttribute("aria-label", this.root.dataset.remove.replace("{name}", name));
    remove.addEventListener("click", () => this.remove(object));
    item.addEventListener("keydown", (event) => this.onKey(event, object));
    item.addEventListener("pointerdown", (event) => this.onPointer(event, object));
    this.places.set(object, { item, box });
    this.list.append(item);
    this.set(object, box);
    this.offer();
    return item;
  }

  remove(object) {
    this.places.get(object)?.item.remove();
    this.places.delete(object);
    this.write();
    this.offer();
  }

  set(object, box) {
    const place = this.places.get(object);
    place.box = clampBox(box, FRAME);
    const [x, y, w, h] = asFractions(place.box);
    for (const [name, value] of Object.entries({ x, y, w, h })) place.item.style.setProperty(`--${name}`, value);
    this.write();
  }

  write() {
    const boxes = [...this.places].map(([object, { box }]) => ({ object, box: asFractions(box) }));
    this.field.value = JSON.stringify(boxes);
    this.showGhost();
    this.planSoon();
  }

  /** The product stands in its own box, else where it usually stands. */
  showGhost() {
    if (!this.ghost) return;
    const own = this.places.get("product");
    const [x, y, w, h] = asFractions(own ? own.box : { x: 250, y: 260, width: 500, height: 560 });
    for (const [name, value] of Object.entries({ x, y, w, h })) this.ghost.style.setProperty(`--${name}`, value);
  }

  onKey(event, object) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.remove(object);
      (this.list.querySelector(".place") ?? this.things.querySelector("button"))?.focus();
      return;
    }
    const next = nudgeBox(this.places.get(object).box, event.key, event.altKey ? BIG_STEP : STEP, event.shiftKey);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    this.set(object, next);
  }

  at(event) {
    const { left, top, width, height } = this.frame.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * 1000, y: ((event.clientY - top) / height) * 1000 };
  }

  onPointer(event, object) {
    if (event.button !== 0 || event.target.closest(".place__remove")) return;
    event.preventDefault();
    const { item, box } = this.places.get(object);
    item.focus({ preventScroll: true });
    const start = { at: this.at(event), box, handle: event.target.dataset.handle ?? "move" };
    const stop = new AbortController();
    const { signal } = stop;
    item.setPointerCapture(event.pointerId);
    item.addEventListener("pointermove", (next) => {
      const moved = dragBox(start, this.at(next), FRAME);
      if (isMeant(moved, LEAST)) this.set(object, moved);
    }, { signal });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) item.addEventListener(end, () => stop.abort(), { signal });
  }
}
