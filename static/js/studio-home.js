// Home of Studio: new products appear at the front of the grid as their photos arrive.
function show(html) {
  const grid = document.getElementById("products");
  const holder = document.createElement("template");
  holder.innerHTML = html;
  for (const part of [...holder.content.children].reverse()) {
    const known = document.getElementById(part.id);
    if (part.id === "product-count") {
      known?.replaceWith(part);
      continue;
    }
    known?.remove();
    grid.prepend(part);
  }
  window.htmx.process(grid);
}

document.addEventListener("vf:products", (event) => show(event.detail.html));
