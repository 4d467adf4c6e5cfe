// Choosing products for a look: counts, all or none, and an own size where one is needed.
const form = document.querySelector("[data-look]");
const ticks = [...form.querySelectorAll("input[name=product]")];
const sum = form.querySelector("[data-sum]");
const apply = form.querySelector("[data-apply]");
const most = Number(form.dataset.most);

function refresh() {
  const count = ticks.filter((tick) => tick.checked).length;
  const words = (element) => (count === 1 ? element.dataset.one : element.dataset.other).replace("{n}", count);
  sum.textContent = words(sum);
  apply.textContent = words(apply);
  apply.disabled = count === 0 || count > most;
}

function choose(isWanted) {
  ticks.slice(0, most).forEach((tick) => {
    tick.checked = isWanted;
  });
  refresh();
}

form.querySelector("[data-all]").addEventListener("click", () => choose(true));
form.querySelector("[data-none]").addEventListener("click", () => choose(false));
form.addEventListener("change", refresh);
form.addEventListener("submit", () => {
  // Only what is chosen is sent: five hundred sizes of products that are not would be noise.
  for (const tick of ticks) {
    if (!tick.checked) form.elements[`scale-${tick.value}`].disabled = true;
  }
});
refresh();
