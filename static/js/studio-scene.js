// The form of a generated scene: boxes, the strength, what it comes to, and sending it without losing what was typed.
import { fitAbilities } from "./model-abilities.js";
import { watchMood } from "./scene-mood.js";
import { Places } from "./scene-places.js";
import { csrfToken, hearStatus } from "./session.js";
import { toast } from "./toasts.js";

const MOST_PROPS = 6;

const chosen = (form, name) => form.querySelector(`[name=${name}]:checked`);

/** How much longer steps take because they are guided by colours; 1 where they are not. */
function guideEffort(form) {
  const { guide, own_palette: own } = form.elements;
  const hasColours = own.value.trim() || chosen(form, "palette").value !== "own";
  return guide.checked && !guide.disabled && hasColours ? Number(guide.dataset.effort) : 1;
}

/** How much there is to draw (as `GeneratedSpec.effort`): candidates small and the best in full, or all of them in full. */
function shotEffort(form) {
  const { candidate, full, width, height } = chosen(form, "format").dataset;
  const { can = "previews", longest } = chosen(form, "model")?.dataset ?? {};
  const count = Number(form.elements.candidates.value);
  if (can.split(" ").includes("previews")) return count * Number(candidate) + Number(full);
  const [short, long] = [Number(width), Number(height)].sort((a, b) => a - b);
  return (count * Math.min(long, Number(longest)) ** 2 * short) / long / 1e6;
}

/** What a shot takes by what was measured: more for more candidates and for larger formats; 0 where nobody knows. */
function shotSeconds(form) {
  const { base = 0, unit = 0 } = chosen(form, "model")?.dataset ?? {};
  return Number(base) + shotEffort(form) * guideEffort(form) * Number(unit);
}

/** How long all shots take, in words; nothing where nobody has drawn with this model yet. */
function duration(form, count) {
  const words = form.querySelector("[data-sum]").dataset;
  const { ahead } = form.querySelector("[data-scene-offer]").dataset;
  const { slots = 1 } = chosen(form, "model")?.dataset ?? {};
  const seconds = shotSeconds(form);
  if (!seconds) return words.unknownText;
  const rounds = Math.ceil(count / Math.max(1, Number(slots)));
  const total = Math.max(1, Math.ceil(Number(ahead) + rounds * seconds));
  if (total < 90) return words.secondsText.replace("{n}", total);
  return words.minutesText.replace("{n}", Math.round(total / 60));
}

function sentence(form, count) {
  const words = form.querySelector("[data-sum]").dataset;
  if (form.dataset.canShoot !== "true") return words.wait;
  if (form.querySelector("[data-scene-offer]").dataset.open !== "true") return words.closed;
  const candidates = form.elements.candidates.value;
  const [one, other] = candidates === "1" ? [words.plainOne, words.plainOther] : [words.one, words.other];
  const text = (count === 1 ? one : other).replace("{n}", count).replace("{m}", candidates);
  return `${text} · ${duration(form, count)}`;
}

/** An adapter works on the model that it was trained on: others can not be chosen. */
function fitAdapters(form) {
  const select = form.querySelector("#scene-adapter");
  const model = chosen(form, "model")?.value;
  for (const option of select?.querySelectorAll("option[data-model]") ?? []) {
    const fits = option.dataset.model === model;
    option.hidden = option.disabled = !fits;
    if (!fits && option.selected) select.value = "";
  }
}

function refresh(form) {
  fitAdapters(form);
  fitAbilities(form);
  const count = Number(form.elements.count.value);
  const isOpen = form.querySelector("[data-scene-offer]").dataset.open === "true" && form.dataset.canShoot === "true";
  form.querySelector("[data-sum]").textContent = sentence(form, count);
  const button = form.querySelector("[data-make]");
  button.textContent = (count === 1 ? button.dataset.one : button.dataset.other).replace("{n}", count);
  button.setAttribute("aria-disabled", String(!isOpen));
  form.querySelector("[data-strength]").toggleAttribute("data-off", chosen(form, "mode").value !== "reimagined");
  form.querySelector("[data-strength-shown]").textContent = `${form.elements.strength.value} %`;
  form.querySelector("[data-style-strength]").toggleAttribute("data-off", !chosen(form, "style")?.value);
  form.querySelector("[data-style-strength-shown]").textContent = `${form.elements.style_strength.value} %`;
  const format = chosen(form, "format").dataset;
  form.querySelector("[data-frame]").style.setProperty("--ratio", Number(format.width) / Number(format.height));
  const props = [...form.querySelectorAll("input[name=props]")];
  const isFull = props.filter((input) => input.checked).length >= MOST_PROPS;
  for (const input of props) input.disabled = isFull && !input.checked;
}

/** Shows a refusal beside the field that it is about, and moves there; without a field it is a toast. */
function complain(form, { field, message }) {
  for (const place of form.querySelectorAll("[data-problem-of]")) place.textContent = "";
  const place = field && form.querySelector(`[data-problem-of="${CSS.escape(field)}"]`);
  if (!place) return toast({ message: message || document.getElementById("toasts").dataset.failed, tone: "error" });
  place.textContent = message;
  const control = form.querySelector(`[aria-describedby~="problem-${CSS.escape(field)}"]`);
  if (control?.matches("input, textarea, select")) {
    control.setAttribute("aria-invalid", "true");
    control.focus({ preventScroll: true });
    place.scrollIntoView({ block: "center" }); // the sentence stands below what it is about
  } else place.scrollIntoView({ block: "center" });
}

async function send(form) {
  const button = form.querySelector("[data-make]");
  if (button.ariaBusy === "true" || button.getAttribute("aria-disabled") === "true") return;
  button.ariaBusy = "true";
  try {
    const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
    const answer = await fetch(form.action, { method: "POST", headers, body: new FormData(form) });
    const { url, error } = await answer.json().catch(() => ({}));
    if (url) location.assign(url);
    else if (!hearStatus(answer.status)) complain(form, error ?? {});
  } catch {
    complain(form, {}); // no connection, or no server
  }
  button.ariaBusy = "false";
}

const form = document.getElementById("scene");
watchMood(form);
new Places(form.querySelector("[data-canvas]"), form);
form.addEventListener("input", (event) => {
  event.target.removeAttribute("aria-invalid");
  refresh(form);
});
form.addEventListener("change", () => refresh(form));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(form);
});
document.addEventListener("htmx:afterSettle", () => refresh(form));
refresh(form);
