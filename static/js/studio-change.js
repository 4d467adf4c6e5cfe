// Changing a part of a picture: one box, and how much may change in it.
import { Places } from "./scene-places.js";

const form = document.getElementById("change");
const frame = form.querySelector("[data-frame]");
frame.style.setProperty("--ratio", frame.dataset.ratio);
new Places(form.querySelector("[data-canvas]"), form);
const strength = form.elements.strength;
strength.addEventListener("input", () => {
  form.querySelector("[data-strength-shown]").textContent = `${strength.value} %`;
});
