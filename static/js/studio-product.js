// The product page: cutout, box, and for those who may make shots the stage and the choices.
import { watchBoxes } from "./box.js";
import { watchChoices, refreshSum } from "./choices.js";
import { watchCompare } from "./compare.js";
import { Stage } from "./stage.js";

function watchCutout() {
  watchCompare();
  watchBoxes();
}

/** The panel is swapped as a whole when the cutout changed; only then do the previews become out of date. */
function followCutout(form, stage) {
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
}

watchCutout();
document.addEventListener("htmx:load", watchCutout);

const form = document.getElementById("choices");
if (form) {
  const stage = new Stage(form);
  watchChoices(form);
  stage.refresh();
  followCutout(form, stage);
}
