// Runs before the first paint, so that a chosen appearance never flashes. Not a module on purpose: modules wait.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem("theme");
  } catch {
    return; // Storage is switched off: the system decides.
  }
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
})();
