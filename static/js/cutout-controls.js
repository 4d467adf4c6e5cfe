// Sliders with a number beside them, moved by mouse, by their own keys, and by keys of the page.

/**
 * The slider [data-slider=name] in `root`. A size's steps grow with the size: its range holds powers of two.
 * @returns {{step: (direction: number) => boolean}}
 */
export function slider(root, name, hear) {
  const input = root.querySelector(`[data-slider=${name}]`);
  const output = root.querySelector(`[data-slider-text=${name}]`);
  const isGrowing = input.hasAttribute("data-growing");
  const value = () => (isGrowing ? Math.round(2 ** Number(input.value)) : Number(input.value));
  const tell = () => {
    output.textContent = input.dataset.text.replace("{n}", value());
    input.setAttribute("aria-valuetext", output.textContent);
    hear(value());
  };
  input.addEventListener("input", tell);
  tell();
  return {
    step(direction) {
      input.value = Number(input.value) + direction * Number(input.dataset.step);
      tell();
      return true;
    },
  };
}
