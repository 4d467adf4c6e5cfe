// Colours of one's own: typed or picked, looked at on the stage at once, and added to the palettes to tick.
const HEXES = /^\s*#[0-9a-f]{6}(\s*,\s*#[0-9a-f]{6}){0,5}\s*$/i;
const TYPED_MS = 500;

export function isPalette(text) {
  return HEXES.test(text);
}

function changed(element) {
  element.dispatchEvent(new Event("change", { bubbles: true }));
}

function paint(drawing, colours) {
  drawing.setAttribute("viewBox", `0 0 ${colours.length} 1`);
  colours.forEach((colour, index) => {
    const field = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x: index, width: 1.01, height: 1, fill: colour })) field.setAttribute(name, value);
    drawing.append(field);
  });
}

function add(form, text) {
  const colours = text.value.toLowerCase().split(",").map((part) => part.trim());
  const palette = form.querySelector("#palette-template").content.querySelector(".palette").cloneNode(true);
  palette.querySelector("input").value = colours.join(",");
  palette.querySelector(".palette__title").textContent = colours.join(" ");
  paint(palette.querySelector(".swatches"), colours);
  form.querySelector("[data-own-palette]").before(palette);
  text.value = "";
  changed(palette.querySelector("input"));
}

/** Returns a function that says whether the typed colours, if any, can be read; if not, the page says so too. */
export function watchOwnPalette(form) {
  const text = form.querySelector("[data-own-text]");
  const pickers = form.querySelector("[data-pickers]");
  const error = form.querySelector("[data-own-error]");
  const isWrong = () => text.value.trim() !== "" && !isPalette(text.value);
  let timer = 0;

  const complain = () => {
    text.setAttribute("aria-invalid", String(isWrong()));
    error.textContent = isWrong() ? error.dataset.text : "";
    if (isWrong()) text.focus();
    return !isWrong();
  };
  const addTyped = () => {
    if (!text.value.trim()) text.focus();
    else if (complain()) add(form, text);
  };

  form.noValidate = true; // the browser's own bubble speaks the browser's language, not this page's
  pickers.hidden = false;
  const button = form.querySelector("[data-own-add]");
  button.hidden = false;
  button.addEventListener("click", addTyped);
  pickers.addEventListener("input", () => {
    text.value = [...pickers.children].map((picker) => picker.value).join(", ");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });
  text.addEventListener("input", () => {
    clearTimeout(timer);
    if (text.getAttribute("aria-invalid") === "true" && !isWrong()) complain();
    timer = setTimeout(() => isPalette(text.value) && changed(text), TYPED_MS);
  });
  text.addEventListener("change", () => isWrong() || complain());
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    addTyped();
  });
  return complain;
}
