// The product page: cutout, box, and for those who may make shots the stage and the choices.
import { watchBoxes } from "./box.js";
import { watchChoices, refreshSum } from "./choices.js";
import { watchCompare } from "./compare.js";
import { Stage } from "./stage.js";

/** The number follows the thumb; the pictures follow once it is let go and the server knows. */
function watchFacts(stage) {
  document.addEventListener("input", ({ target }) => {
    if (target.matches?.("[data-size]")) showSize(target);
  });
  const facts = () => document.getElementById("product-facts");
  const { viewpoint } = facts().dataset;
  document.addEventListener("htmx:load", () => {
    showSize(document.querySelector("[data-size]"));
    // Other sets come first now; what was ticked among the others would not fit any more.
    if (facts().dataset.viewpoint !== viewpoint) location.reload();
  });
  document.addEventListener("vf:described", () => stage.restart());
  showSize(document.querySelector("[data-size]"));
}

function showSize(slider) {
  if (!slider) return;
  const { min, max, value, form } = slider;
  const number = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const text = `${number.format(Number(value))}×`;
  form.querySelector("[data-size-shown]").textContent = text;
  slider.setAttribute("aria-valuetext", text);
  const share = (at) => (100 * (at - min)) / (max - min);
  const ends = [share(1), share(Number(value))].sort((a, b) => a - b);
  slider.style.setProperty("--from", `${ends[0]}%`);
  slider.style.setProperty("--to", `${ends[1]}%`);
}

function watchCutout() {
  watchCompare();
  watchBoxes();
}

/** The panel is swapped as a whole when the cutout changed; only then do the previews become out of date. */
function followCutout(form, stage) {
  let shown = { ...document.getElementById("cutout").dataset };
  document.addEventListener("htmx:afterSettle", () => {
    const now = { ...document.getElementById("cutout").dataset };
    const isNew = now.cutout !== shown.cutout;
    if (!isNew && now.state === shown.state) return;
    shown = now;
    refreshSum(form);
    if (isNew) stage.restart();
    else stage.refresh();
  });
}

watchCutout();
// At once, not only once the part has settled: whoever starts to draw in between would draw for nothing.
document.addEventListener("htmx:afterSwap", watchCutout);
document.addEventListener("htmx:load", watchCutout);

const form = document.getElementById("choices");
if (form) {
  const stage = new Stage(form);
  watchChoices(form);
  stage.refresh();
  followCutout(form, stage);
  watchFacts(stage);
}
