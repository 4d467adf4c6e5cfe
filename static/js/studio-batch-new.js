// Many products in one go: which ones, then the same choices as for one, whose stage shows one of them.
import { refreshSum, watchChoices } from "./choices.js";
import { Stage } from "./stage.js";

const picks = document.querySelector("[data-picks]");
const form = document.getElementById("choices");

if (picks && form) {
  const items = [...picks.querySelectorAll(".pick")];
  const tickOf = (item) => item.querySelector("input");
  const words = picks.querySelector("[data-picked]");

  const refresh = () => {
    const count = items.filter((item) => tickOf(item).checked).length;
    words.textContent = (count === 1 ? words.dataset.one : words.dataset.other).replace("{n}", count).replace("{all}", items.length);
    for (const line of misfits) name(line);
    refreshSum(form);
  };

  /** Products that are ticked and were photographed from where a ticked set is not seen. */
  const misfits = [...picks.querySelectorAll("[data-misfit]")];
  const misfitting = (viewpoint) => {
    const chosen = [...form.querySelectorAll("[data-viewpoints]")].filter((set) => tickOf(set).checked);
    if (chosen.every((set) => set.dataset.viewpoints.split(" ").includes(viewpoint))) return [];
    return items.filter((item) => item.dataset.viewpoint === viewpoint && tickOf(item).checked);
  };
  const name = (line) => {
    const count = misfitting(line.dataset.misfit).length;
    const words = line.querySelector("[data-words]");
    words.textContent = (count === 1 ? words.dataset.one : words.dataset.other).replace("{n}", count);
    line.hidden = count === 0;
  };
  for (const line of misfits) {
    line.querySelector("[data-untick]").addEventListener("click", () => {
      for (const item of misfitting(line.dataset.misfit)) tickOf(item).checked = false;
      refresh();
      picks.querySelector(".picks__list").focus();
    });
  }

  /** What a search hides stays as it is. */
  const wants = { all: () => true, new: (item) => item.hasAttribute("data-new"), none: () => false };
  picks.addEventListener("click", ({ target }) => {
    const wanted = wants[target.closest("[data-pick]")?.dataset.pick];
    if (!wanted) return;
    for (const item of items) if (!item.hidden) tickOf(item).checked = wanted(item);
    refresh();
  });
  picks.addEventListener("change", refresh);
  form.addEventListener("change", refresh);
  picks.querySelector("[data-picks-search]").addEventListener("input", ({ target }) => {
    const query = target.value.trim().toLowerCase();
    for (const item of items) item.hidden = !item.dataset.words.includes(query);
  });

  watchChoices(form);
  refresh();
  if (form.dataset.preview) new Stage(form).refresh();
}
