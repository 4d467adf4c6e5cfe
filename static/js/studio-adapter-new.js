// Teaching a model: how many pictures are chosen, and whether that is enough.
const form = document.querySelector("[data-teach]");
const words = form.querySelector("[data-picked]");
const { fewest, most } = form.dataset;

function refresh() {
  const count = form.querySelectorAll("input[name=picture]:checked").length;
  const missing = Number(fewest) - count;
  const over = count - Number(most);
  let text = words.dataset.text;
  if (missing > 0) text = words.dataset.few;
  if (over > 0) text = words.dataset.many;
  words.textContent = text.replace("{n}", count).replace("{m}", Math.max(missing, over));
}

form.addEventListener("change", refresh);
refresh();
