// The edit page: controls and canvas change one state, drafts follow it, saving makes a new version.
import { slide } from "./compare.js";
import { Choices } from "./edit-choices.js";
import { CompanionChoice } from "./edit-companion.js";
import { Drafts } from "./edit-drafts.js";
import { Easel } from "./edit-easel.js";
import { Knob } from "./edit-knobs.js";
import { EditState } from "./edit-state.js";
import { isTyping, onKeys } from "./keys.js";
import { send } from "./sending.js";

const CUT_OFF = "shot.product_cut_off"; // the library's word for it
const form = document.querySelector("[data-editor]");
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const find = (name) => form.querySelector(`[${name}]`);
const state = new EditState(read("edit-wish"), `vf-edit ${form.dataset.key}`);
state.begin(read("edit-begin"));
history.replaceState(history.state, "", location.pathname); // a reload goes on, it does not begin again
const knobs = Object.fromEntries([...form.querySelectorAll("[data-knob]")].map((element) => [element.dataset.knob, new Knob(element, state)]));
const easel = new Easel(find("data-easel"), state, knobs);
new Choices(find("data-panel"), state, read("edit-sets"), form.dataset.preview);
new CompanionChoice(find("data-panel"), state);

let isOver = false; // the product's colour would change too much
let isRefused = false;
let busyTimer = 0;
const drafts = new Drafts(form.dataset.draft, {
  onPicture(draft, wish) {
    isRefused = false;
    easel.show(draft, wish);
    say(draft.warnings?.includes(CUT_OFF) ? find("data-note").dataset.cutOff : "");
    tellColour(draft.delta_e);
    refresh();
  },
  onRefused(message) {
    isRefused = true;
    say(message);
    refresh();
  },
  onBusy(isBusy) {
    const progress = find("data-progress");
    clearTimeout(busyTimer);
    if (!isBusy) progress.hidden = true;
    else busyTimer = setTimeout(() => progress.toggleAttribute("hidden", false), 400);
  },
});

function say(message) {
  find("data-note").textContent = message;
}

function tellColour(change) {
  const meter = find("data-delta-e");
  const text = find("data-delta-e-text");
  meter.hidden = !change;
  isOver = Boolean(change) && change.mean > Number(form.dataset.mostDeltaE);
  if (!change) return;
  meter.querySelector("meter").value = change.mean;
  meter.toggleAttribute("data-over", isOver);
  const number = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  text.textContent = (isOver ? text.dataset.over : text.dataset.fine).replace("{n}", number.format(change.mean));
  if (isOver) say(text.textContent);
}

function refresh() {
  find("data-undo").disabled = !state.canUndo;
  find("data-redo").disabled = !state.canRedo;
  find("data-reset").disabled = !state.isChanged;
  find("data-save").disabled = !state.isChanged || isOver || isRefused;
}

state.hear((wish) => {
  drafts.want(wish, !state.isSettled);
  easel.place();
  for (const button of form.querySelectorAll("[data-switch]")) button.setAttribute("aria-pressed", String(state.edit(button.dataset.switch, false)));
  refresh();
});

for (const button of form.querySelectorAll("[data-switch]")) {
  button.addEventListener("click", () => {
    state.setEdit(button.dataset.switch, !state.edit(button.dataset.switch, false), false);
    state.commit();
  });
}
find("data-quarter").addEventListener("click", () => {
  const turn = knobs.rotate_deg.value + 90;
  knobs.rotate_deg.set(turn > 180 ? turn - 360 : turn);
  state.commit();
});
find("data-centre").addEventListener("click", () => {
  easel.moveTo(0, 0);
  state.commit();
});
find("data-undo").addEventListener("click", () => state.undo());
find("data-redo").addEventListener("click", () => state.redo());
find("data-reset").addEventListener("click", () => state.reset());

const range = find("data-compare-range");
const saved = find("data-saved");
slide(range, [saved, find("data-compare-line")]);
find("data-compare-toggle").addEventListener("click", (event) => {
  const button = event.currentTarget;
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(isOn));
  for (const part of [range, saved, find("data-compare-line"), ...form.querySelectorAll("[data-compare-label]")]) part.hidden = !isOn;
  form.toggleAttribute("data-comparing", isOn);
  if (isOn) range.focus();
});

/** What is edited is forgotten once the server has it, not before. */
async function save() {
  state.commit();
  const button = find("data-save");
  if (button.disabled || form.inert) return;
  find("data-spec").value = JSON.stringify(state.wish);
  button.ariaBusy = "true";
  form.inert = true; // what is changed now would be in neither version
  const url = await send(form, save);
  if (url) {
    state.forget();
    location.assign(url);
  }
  form.inert = false;
  button.ariaBusy = "false";
  button.focus();
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});

const onEasel = (act) => (event) => (event.target.closest("[data-panel]") ? false : act(event));
const leave = () => {
  if (!state.isChanged) location.assign(form.dataset.back);
  return !state.isChanged;
};
onKeys({
  ArrowLeft: onEasel((event) => easel.move(-1, 0, event.shiftKey)),
  ArrowRight: onEasel((event) => easel.move(1, 0, event.shiftKey)),
  ArrowUp: onEasel((event) => easel.move(0, -1, event.shiftKey)),
  ArrowDown: onEasel((event) => easel.move(0, 1, event.shiftKey)),
  "+": (event) => easel.scale(1, event.altKey),
  "=": () => easel.scale(1, false),
  "-": () => easel.scale(-1, false),
  "[": () => easel.turn(-1, false),
  "]": () => easel.turn(1, false),
  "{": () => easel.turn(-1, true),
  "}": () => easel.turn(1, true),
  z: (event) => (event.shiftKey ? state.redo() : state.undo()) || true,
  c: () => {
    find("data-compare-toggle").click();
    return true;
  },
  Escape: leave,
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || isTyping(event)) return;
  const key = event.key.toLowerCase();
  if (key === "z") event.shiftKey ? state.redo() : state.undo();
  else if (key === "y") state.redo();
  else if (key === "s") form.requestSubmit(find("data-save"));
  else return;
  event.preventDefault();
});
refresh();
