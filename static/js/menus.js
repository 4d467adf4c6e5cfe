// <details data-menu> as a menu: closes on Escape, on a click elsewhere and when the focus leaves; arrows move inside.
function items(menu) {
  return [...menu.querySelectorAll(".menu__list :is(a, button, input):not([disabled])")];
}

function close(menu, { refocus = false } = {}) {
  menu.open = false;
  if (refocus) menu.querySelector("summary").focus();
}

function step(menu, by) {
  const all = items(menu);
  const next = (all.indexOf(document.activeElement) + by + all.length) % all.length;
  all[document.activeElement.closest(".menu__list") ? next : by > 0 ? 0 : all.length - 1]?.focus();
}

function onKey(event) {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  if (event.key === "Escape") {
    event.stopPropagation();
    close(menu, { refocus: true });
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    event.stopPropagation();
    step(menu, event.key === "ArrowDown" ? 1 : -1);
  }
}

export function watchMenus() {
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target) || event.target.closest("[data-dialog-open]")) close(menu);
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) close(menu);
    }
  });
}
