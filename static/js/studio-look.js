// Choosing products for a look: counts, all or none, a size of one's own, own edits kept. What is chosen survives a
// reload and a server that says no; it is forgotten once the shots are asked for.
import { send } from "./sending.js";

const form = document.querySelector("[data-look]");
const sum = form.querySelector("[data-sum]");
const apply = form.querySelector("[data-apply]");
const search = document.querySelector("[data-look-search]");
const most = Number(form.dataset.most);
const key = `vf-look ${form.dataset.key}`;

const items = [...form.querySelectorAll("[data-words]")].map((element) => ({
  element,
  tick: element.querySelector("input[name=product]"),
  scale: element.querySelector("input[type=number]"),
  keep: element.querySelector("input[name=keep]"),
}));
const fields = ({ tick, scale, keep }) => [tick, scale, keep].filter(Boolean);
const valueOf = (field) => (field.type === "checkbox" ? field.checked : field.value);
const isAsSent = (field) => (field.type === "checkbox" ? field.checked === field.defaultChecked : field.value === field.defaultValue);

function read() {
  return JSON.parse(sessionStorage.getItem(key) ?? "{}");
}

function write(kept) {
  if (Object.keys(kept).length) sessionStorage.setItem(key, JSON.stringify(kept));
  else sessionStorage.removeItem(key);
}

/** Only what differs from what the server offered, by product: other pages of products keep theirs. */
function remember() {
  const kept = read();
  for (const item of items) {
    delete kept[item.tick.value];
    if (!fields(item).every(isAsSent)) kept[item.tick.value] = fields(item).map(valueOf);
  }
  write(kept);
}

function forget() {
  const kept = read();
  for (const { tick } of items) delete kept[tick.value];
  write(kept);
}

function putBack() {
  const kept = read();
  for (const item of items) {
    const values = kept[item.tick.value] ?? [];
    fields(item).forEach((field, index) => {
      if (index in values) field[field.type === "checkbox" ? "checked" : "value"] = values[index];
    });
  }
}

function refresh() {
  const count = items.filter(({ tick }) => tick.checked).length;
  const words = (element) => (count === 1 ? element.dataset.one : element.dataset.other).replace("{n}", count);
  sum.textContent = words(sum);
  apply.textContent = words(apply);
  apply.disabled = count === 0 || count > most;
}

/** What a search hides stays as it is. */
function choose(isWanted) {
  for (const { element, tick } of items) if (!element.hidden) tick.checked = isWanted;
  remember();
  refresh();
}

function find() {
  const query = search.value.trim().toLowerCase();
  for (const { element } of items) element.hidden = !element.dataset.words.includes(query);
  form.querySelector("[data-look-none]").hidden = !items.length || items.some(({ element }) => !element.hidden);
}

/** What is chosen, and of it only sizes that are not the usual one. */
function body() {
  const data = new FormData(form);
  for (const { tick, scale } of items) {
    if (!tick.checked || Number(scale.value) === 1) data.delete(scale.name);
  }
  return data;
}

async function make() {
  if (apply.ariaBusy === "true") return;
  apply.ariaBusy = "true";
  const url = await send(form, make, body());
  if (url) {
    forget();
    location.assign(url);
  }
  apply.ariaBusy = "false";
}

form.querySelector("[data-all]").addEventListener("click", () => choose(true));
form.querySelector("[data-none]").addEventListener("click", () => choose(false));
form.addEventListener("input", remember);
form.addEventListener("change", refresh);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  make();
});
search.addEventListener("input", find);
putBack();
find();
refresh();
