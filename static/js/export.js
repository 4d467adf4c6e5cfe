// The export page: how many files the chosen profiles make; the button waits for a choice that one export can hold.
const form = document.querySelector("[data-export]");
const count = form.querySelector("[data-export-count]");
const button = form.querySelector("[data-export-go]");

function update() {
  const chosen = [...form.querySelectorAll("[name=profile]:checked")];
  const files = chosen.reduce((sum, box) => sum + Number(box.dataset.files), 0);
  const { none, one, many, tooMany } = count.dataset;
  const fits = files <= Number(count.dataset.most);
  count.textContent = files === 0 ? none : files === 1 ? one : (fits ? many : tooMany).replace("{n}", files);
  button.disabled = files === 0 || !fits;
}

form.addEventListener("change", update);
window.addEventListener("pageshow", update); // the browser may have kept the ticks
update();
