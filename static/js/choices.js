// The form of a shoot: counts and estimates while choosing, and the shoot itself.
import { requestShoot } from "./make-shots.js";
import { isPalette, watchOwnPalette } from "./own-palette.js";

function checked(form, name) {
  return [...form.querySelectorAll(`input[type=checkbox][name=${name}]:checked`)].map((input) => input.value);
}

/** Products are ticked where there are many of them; they may stand outside of the form. */
function countProducts(form) {
  if (!form.hasAttribute("data-many")) return 1;
  return [...form.elements].filter((input) => input.name === "product" && input.checked).length;
}

/** What is chosen now. The palettes include colours typed but not yet added. */
export function chosen(form) {
  const own = form.querySelector("[data-own-text]");
  const palettes = checked(form, "palette");
  if (isPalette(own.value)) palettes.push(own.value);
  return {
    products: countProducts(form),
    sets: checked(form, "set"),
    palettes,
    formats: checked(form, "format"),
    variations: Number(form.querySelector("[name=variations]:checked").value),
  };
}

export function countShots({ products, sets, palettes, formats, variations }) {
  return products * sets.length * palettes.length * formats.length * variations;
}

/** "about 9 s": whole seconds, minutes from 90 s on. Counts what waits here already and goes first. */
function duration(form, count) {
  const words = form.querySelector("[data-sum]").dataset;
  const { ahead, aheadOfMany, few } = form.dataset;
  const own = (count * Number(form.dataset.seconds)) / Number(form.dataset.workers || 1);
  const seconds = Math.max(1, Math.ceil(own + Number(count > Number(few) ? aheadOfMany : ahead)));
  if (seconds < 90) return words.secondsText.replace("{n}", seconds);
  return words.minutesText.replace("{n}", Math.round(seconds / 60));
}

function isCutOut() {
  return ["ready", "accepted"].includes(document.getElementById("cutout").dataset.state);
}

/** "3 sets × 2 palettes × 1 format": the texts come from the form, in one and other. */
function factors({ products, sets, palettes, formats, variations }, words, isMany) {
  const counts = { set: sets.length, palette: palettes.length, format: formats.length };
  if (isMany) counts.product = products;
  if (variations > 1) counts.variation = variations;
  return Object.entries(counts)
    .map(([noun, n]) => words[`${noun}${n === 1 ? "One" : "Other"}`].replace("{n}", n))
    .join(" × ");
}

function sentence(form, choice, count) {
  const words = form.querySelector("[data-sum]").dataset;
  if (!isCutOut()) return words.wait;
  if (choice.products === 0) return words.noProduct;
  if (count === 0) return words.none;
  if (count > Number(form.dataset.most)) return words.many;
  return `${factors(choice, words, form.hasAttribute("data-many"))} · ${duration(form, count)}`;
}

export function refreshSum(form) {
  const choice = chosen(form);
  const count = countShots(choice);
  const isPossible = isCutOut() && count > 0 && count <= Number(form.dataset.most);
  form.querySelector("[data-sum]").textContent = sentence(form, choice, count);
  form.querySelector("[data-variations-shown]").textContent = choice.variations;
  for (const name of ["palette", "format"]) {
    form.querySelector(`[data-count-of=${name}]`).textContent = choice[`${name}s`].length;
  }
  const button = form.querySelector("[data-make]");
  if (!button) return;
  button.textContent = (count === 1 ? button.dataset.one : button.dataset.other).replace("{n}", count);
  button.setAttribute("aria-disabled", String(!isPossible));
}

export function watchChoices(form) {
  const isOwnReadable = watchOwnPalette(form);
  form.addEventListener("input", () => refreshSum(form));
  form.addEventListener("change", () => refreshSum(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const isOff = form.querySelector("[data-make]").getAttribute("aria-disabled") === "true";
    if (!isOff && isOwnReadable()) requestShoot(form);
  });
  refreshSum(form);
}
