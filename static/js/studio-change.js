// Changing a part of a picture: painted with a brush or inside one box, and how much may change in it.
import { MarkEditor } from "./mark-editor.js";
import { fitAbilities } from "./model-abilities.js";
import { Places } from "./scene-places.js";

const form = document.getElementById("change");
const frame = form.querySelector("[data-frame]");
frame.style.setProperty("--ratio", frame.dataset.ratio);
new Places(form.querySelector("[data-canvas-box]"), form);

const strength = form.elements.strength;
strength.addEventListener("input", () => {
  form.querySelector("[data-strength-shown]").textContent = `${strength.value} %`;
});

form.addEventListener("change", () => fitAbilities(form));
fitAbilities(form);

const marks = form.querySelector("[data-mark-editor]");
const choice = form.querySelector("[data-where]");
const where = () => choice.querySelector("[name=where]:checked").value;
const show = () => {
  form.dataset.where = where();
};
const editor = new MarkEditor(marks, () => where() === "paint");

/** Without a canvas that can be painted on, a box says where. */
function useBox() {
  choice.querySelector("[value=box]").checked = true;
  choice.hidden = true;
  show();
}

choice.hidden = false;
choice.addEventListener("change", show);
show();
editor.open().catch(useBox);
