// The light / dark / system switch. theme.js has applied the choice before the first paint.
function current() {
  return document.documentElement.dataset.theme ?? "system";
}

function show() {
  for (const button of document.querySelectorAll("[data-theme-value]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeValue === current()));
  }
}

function choose(value) {
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
  try {
    if (value === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", value);
  } catch {
    // Storage is switched off: the choice holds for this page.
  }
  show();
}

export function watchAppearance() {
  show();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-value]");
    if (button) choose(button.dataset.themeValue);
  });
}
