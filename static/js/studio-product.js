// The product page: cutout, box, stage, choices.
import { watchBoxes } from "./box.js";
import { watchChoices, refreshSum } from "./choices.js";
import { watchCompare } from "./compare.js";
import { Stage } from "./stage.js";

const form = document.getElementById("choices");
const stage = new Stage(form);

watchCompare();
watchBoxes();
watchChoices(form);
stage.refresh();

document.addEventListener("htmx:load", () => {
  watchCompare();
  watchBoxes();
});

// The panel is swapped as a whole when the cutout changed; only then do the previews become out of date.
let shown = document.getElementById("cutout").dataset.state;
document.addEventListener("htmx:afterSettle", () => {
  const state = document.getElementById("cutout").dataset.state;
  if (state === shown) return;
  const isNew = shown !== "ready" || state !== "accepted";
  shown = state;
  refreshSum(form);
  if (isNew) stage.restart();
  else stage.refresh();
});
