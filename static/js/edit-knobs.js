// Sliders whose middle is neutral. What a number looks like depends on its unit: times, degrees, stops, percent.
const language = document.documentElement.lang;
const plain = (digits) => new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const signed = (digits) => new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" });

const WRITTEN = {
  times: (value) => `${plain(2).format(value)}×`,
  degrees: (value) => `${signed(1).format(value)}°`,
  stops: (value) => `${signed(2).format(value)} EV`,
  percent: (value) => `${plain(0).format(value * 100)}%`,
  signed: (value) => `${signed(0).format(value * 100)}%`,
};

export class Knob {
  constructor(element, state) {
    this.element = element;
    this.state = state;
    this.name = element.dataset.knob;
    for (const key of ["low", "high", "neutral", "step"]) this[key] = Number(element.dataset[key]);
    this.written = WRITTEN[element.dataset.shown];
    this.slider = element.querySelector("input");
    this.output = element.querySelector("[data-knob-value]");
    this.resetButton = element.querySelector("[data-knob-reset]");
    this.slider.addEventListener("input", () => this.set(this.valueAt(Number(this.slider.value))));
    this.slider.addEventListener("change", () => state.commit());
    this.slider.addEventListener("dblclick", () => this.reset());
    this.resetButton.addEventListener("click", () => {
      this.reset();
      this.slider.focus();
    });
    state.hear(() => this.show());
  }

  get value() {
    return this.state.edit(this.name, this.neutral);
  }

  set(value) {
    const stepped = Math.round((value - this.neutral) / this.step) * this.step + this.neutral;
    const inside = Math.min(this.high, Math.max(this.low, stepped));
    this.state.setEdit(this.name, Number(inside.toFixed(4)), this.neutral);
  }

  reset() {
    this.set(this.neutral);
    this.state.commit();
  }

  valueAt(position) {
    const side = position < 0 ? this.neutral - this.low : this.high - this.neutral;
    return this.neutral + (side * position) / 100;
  }

  positionOf(value) {
    const side = value < this.neutral ? this.neutral - this.low : this.high - this.neutral;
    return side ? (100 * (value - this.neutral)) / side : 0;
  }

  /** The track is filled from neutral to the thumb. */
  fill() {
    const { min, max, value } = this.slider;
    const share = (position) => (100 * (position - min)) / (max - min);
    const ends = [share(0), share(Number(value))].sort((a, b) => a - b);
    this.slider.style.setProperty("--from", `${ends[0]}%`);
    this.slider.style.setProperty("--to", `${ends[1]}%`);
  }

  show() {
    const text = this.written(this.value);
    if (document.activeElement !== this.slider || Math.abs(this.valueAt(Number(this.slider.value)) - this.value) > this.step) {
      this.slider.value = this.positionOf(this.value);
    }
    this.fill();
    this.slider.setAttribute("aria-valuetext", text);
    this.output.textContent = text;
    this.resetButton.hidden = this.value === this.neutral;
    this.element.toggleAttribute("data-changed", this.value !== this.neutral);
  }
}
