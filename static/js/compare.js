// Before/after: [data-compare] holds two pictures, a line and a range input; the input's value moves the line.
function say(input) {
  if (input.dataset.compareText) input.setAttribute("aria-valuetext", input.dataset.compareText.replace("{n}", input.value));
}

/** Lets `input` (0..100) move `--at` of each element in `moved`. */
export function slide(input, moved) {
  const apply = () => {
    for (const element of moved) element.style.setProperty("--at", `${input.value}%`);
    say(input);
  };
  input.addEventListener("input", apply);
  apply();
  return apply;
}

/** Makes every [data-compare] in `root` work. Safe to call again after a swap. */
export function watchCompare(root = document) {
  for (const element of root.querySelectorAll("[data-compare]:not([data-compare-ready])")) {
    element.dataset.compareReady = "";
    slide(element.querySelector("input[type=range]"), [element]);
  }
}
