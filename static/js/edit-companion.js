// A second product beside the one that is edited: which one, its size and place, and the shadow of each on the other.
const FIRST_ASIDE = -0.12; // the first product makes room
const PLACE = { x: 0.26, y: -0.02 };
const language = document.documentElement.lang;
const number = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat(language, { style: "percent", signDisplay: "exceptZero" });
const degrees = new Intl.NumberFormat(language, { style: "unit", unit: "degree", unitDisplay: "narrow", maximumFractionDigits: 1 });
const plain = new Intl.NumberFormat(language, { style: "percent" });
const WRITTEN = {
  size: (value) => `${number.format(value)}×`,
  aside: (value) => percent.format(value),
  nearer: (value) => percent.format(value),
  turn: (value) => degrees.format(value),
  shadow: (value) => plain.format(value),
};

export class CompanionChoice {
  constructor(panel, state) {
    this.panel = panel;
    this.state = state;
    this.knobs = panel.querySelector("[data-companion-knobs]");
    if (!this.knobs) return;
    this.others = [...panel.querySelectorAll("[data-other]")];
    this.sliders = Object.fromEntries([...panel.querySelectorAll("[data-beside]")].map((knob) => [knob.dataset.beside, knob.querySelector("input")]));
    for (const other of this.others) other.addEventListener("change", () => this.choose(other));
    for (const slider of Object.values(this.sliders)) {
      slider.addEventListener("input", () => state.change({ companion: this.read() }));
      slider.addEventListener("change", () => state.commit());
    }
    state.hear((wish) => this.show(wish.companion));
  }

  /** The usual size of the product that is chosen; the slider multiplies it. */
  usual(product) {
    return Number(this.others.find((other) => other.value === product)?.dataset.scale ?? 1);
  }

  choose(other) {
    const { companion, offset, ...rest } = this.state.wish;
    if (!other.value) {
      this.state.wish = companion && offset?.[0] === FIRST_ASIDE ? rest : { ...rest, ...(offset && { offset }) };
      this.state.change({});
    } else {
      const place = companion?.offset ?? [PLACE.x, PLACE.y];
      const shadow = companion?.shadow ?? 1;
      this.state.change({
        offset: offset ?? [FIRST_ASIDE, 0],
        companion: { product: other.value, scale: Number(other.dataset.scale), offset: place, shadow },
      });
    }
    this.state.commit();
  }

  read() {
    const { companion } = this.state.wish;
    const value = (name) => Number(this.sliders[name].value);
    const { smallest, largest } = this.knobs.dataset; // what the library draws; the slider stops there
    const wanted = value("size") * this.usual(companion.product);
    const scale = Number(Math.min(largest, Math.max(smallest, wanted)).toFixed(4));
    const { rotate_deg: _before, ...rest } = companion;
    const turned = value("turn") ? { rotate_deg: value("turn") } : {};
    return { ...rest, ...turned, scale, offset: [value("aside"), value("nearer")], shadow: value("shadow") };
  }

  show(companion) {
    for (const other of this.others) other.checked = other.value === (companion?.product ?? "");
    this.knobs.hidden = !companion;
    if (!companion) return;
    const values = {
      size: companion.scale / this.usual(companion.product),
      aside: companion.offset[0],
      nearer: companion.offset[1],
      turn: companion.rotate_deg ?? 0,
      shadow: companion.shadow,
    };
    for (const [name, slider] of Object.entries(this.sliders)) {
      if (document.activeElement !== slider || Math.abs(Number(slider.value) - values[name]) > Number(slider.step)) slider.value = values[name];
      const text = WRITTEN[name](Number(slider.value));
      slider.setAttribute("aria-valuetext", text);
      slider.parentElement.querySelector("output").textContent = text;
      this.fill(slider);
    }
  }

  fill(slider) {
    const { min, max, value } = slider;
    const share = (at) => (100 * (at - min)) / (max - min);
    const ends = [share(Number(slider.dataset.neutral)), share(Number(value))].sort((a, b) => a - b);
    slider.style.setProperty("--from", `${ends[0]}%`);
    slider.style.setProperty("--to", `${ends[1]}%`);
  }
}
