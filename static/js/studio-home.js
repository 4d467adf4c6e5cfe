// Home of Studio: new products appear at the front of the grid as their photos arrive.
function show(html) {
  const grid = document.getElementById("products");
  const holder = document.createElement("template");
  holder.innerHTML = html;
  for (const card of [...holder.content.children].reverse()) {
    document.getElementById(card.id)?.remove();
    grid.prepend(card);
  }
  window.htmx.process(grid);
}

document.addEventListener("vf:products", (event) => show(event.detail.html));
