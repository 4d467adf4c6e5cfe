// Set, camera, light mood, palette and format of the shot that is edited.
import { FREE } from "./edit-state.js";
import { preview } from "./previews.js";

const RATIO = /^[1-9]\d?:[1-9]\d?$/;

function fill(select, field, choices, chosen) {
  field.hidden = choices.length < 2;
  select.replaceChildren(...choices.map((choice, index) => new Option(choice.title, index ? choice.name : "", false, (chosen ?? "") === (index ? choice.name : ""))));
}

export class Choices {
  #laid = "";

  constructor(panel, state, sets, base) {
    this.panel = panel;
    this.state = state;
    this.sets = new Map(sets.map((set) => [set.name, set]));
    this.base = base;
    this.camera = panel.querySelector("[data-camera]");
    this.mood = panel.querySelector("[data-mood]");
    this.surfaces = panel.querySelector("[data-surfaces]");
    this.free = panel.querySelector("[data-free-ratio]");
    this.held = panel.querySelector("[data-held]");
    this.watch();
    this.watchThumbnails();
    state.hear((wish) => this.show(wish));
  }

  watch() {
    const { panel, state } = this;
    const take = (change) => {
      state.change(change);
      state.commit();
    };
    panel.querySelector("[data-sets]").addEventListener("change", (event) => take({ set: event.target.value, camera: "", mood: "", details: undefined, ...FREE }));
    this.camera.addEventListener("change", () => take({ camera: this.camera.value, ...FREE }));
    this.mood.addEventListener("change", () => take({ mood: this.mood.value }));
    panel.querySelector("[data-palettes]").addEventListener("change", (event) => take({ palette: event.target.value.split(",").filter(Boolean) }));
    panel.querySelector("[data-enlarge]").addEventListener("change", (event) => take({ enlarge: Number(event.target.value) }));
    panel.querySelector("[data-formats]").addEventListener("change", (event) => {
      const format = event.target.value.trim();
      if (event.target !== this.free || RATIO.test(format)) take({ format });
    });
    // Enter takes the ratio that was typed; a form would be sent by it, and the shot saved.
    this.free.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      this.free.dispatchEvent(new Event("change", { bubbles: true }));
    });
    this.surfaces.addEventListener("input", ({ target }) => state.change(target.matches("[data-detail]") ? { details: this.ownColours(true) } : { palette: this.ownColours(false) }));
    this.surfaces.addEventListener("change", () => state.commit());
  }

  /** Of the surfaces that palettes reach, or of the details that they leave alone. */
  ownColours(isDetail) {
    const inputs = [...this.surfaces.querySelectorAll("input")];
    return inputs.filter((input) => input.hasAttribute("data-detail") === isDetail).map((input) => input.value);
  }

  show(wish) {
    const set = this.sets.get(wish.set);
    const check = (name, value) => {
      for (const input of this.panel.querySelectorAll(`input[type=radio][name=${name}]`)) input.checked = input.value === value;
    };
    check("set", wish.set);
    check("palette", wish.palette.join(","));
    check("format", wish.format);
    check("enlarge", String(wish.enlarge));
    this.held.hidden = !wish.lock;
    if (document.activeElement !== this.free) this.free.value = this.panel.querySelector("[name=format]:checked") ? "" : wish.format;
    if (!set) return;
    fill(this.camera, this.panel.querySelector("[data-camera-field]"), set.cameras, wish.camera);
    fill(this.mood, this.panel.querySelector("[data-mood-field]"), set.moods, wish.mood);
    this.lay(set, wish);
  }

  /** One colour field for each surface of the set; a ready palette leaves them at the set's own. */
  lay(set, wish) {
    if (this.#laid !== set.name) {
      const template = this.panel.querySelector("#surface-template").content.firstElementChild;
      this.surfaces.replaceChildren(
        ...set.materials.map((material) => {
          const field = template.cloneNode(true);
          field.querySelector("span").textContent = material.title;
          field.querySelector("input").toggleAttribute("data-detail", material.detail);
          return field;
        }),
      );
      this.#laid = set.name;
    }
    const isReady = this.panel.querySelector("[data-palettes] :checked");
    const inputs = [...this.surfaces.querySelectorAll("input")];
    if (inputs.includes(document.activeElement)) return;
    const surfaces = set.materials.filter((material) => !material.detail).length;
    inputs.forEach((input, index) => {
      const chosen = index < surfaces ? !isReady && wish.palette[index] : wish.details?.[index - surfaces];
      input.value = chosen || set.materials[index].hex;
    });
  }

  /** Live thumbnails are asked for when they come into view, one after the other. */
  watchThumbnails() {
    const waiting = [];
    let isBusy = false;
    const next = async () => {
      if (isBusy) return;
      isBusy = true;
      while (waiting.length) {
        const image = waiting.shift();
        const url = await preview(this.base, { set: image.dataset.previewOf, palette: "own" });
        if (!url) continue;
        image.src = url;
        image.hidden = false;
        image.parentElement.classList.remove("skeleton");
      }
      isBusy = false;
    };
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((found) => found.isIntersecting)) {
        seen.unobserve(entry.target);
        waiting.push(entry.target.querySelector("img"));
      }
      next();
    });
    for (const image of this.panel.querySelectorAll("[data-preview-of]")) seen.observe(image.parentElement);
  }
}
