// The tray of running jobs: asks again when a job changed, and stays folded or open from page to page.
const WAIT_MS = 400;
const KEY = "vf-tray";
let timer = 0;

function refresh(tray) {
  timer ||= setTimeout(() => {
    timer = 0;
    window.htmx.trigger(tray, "refresh");
  }, WAIT_MS);
}

function restore(tray) {
  const box = tray.querySelector("[data-tray]");
  if (!box) return;
  box.open = sessionStorage.getItem(KEY) !== "folded";
  box.addEventListener("toggle", () => sessionStorage.setItem(KEY, box.open ? "open" : "folded"));
}

export function watchTray() {
  const tray = document.getElementById("tray");
  if (!tray) return;
  document.addEventListener("vf:job", () => refresh(tray));
  tray.addEventListener("htmx:afterSwap", () => restore(tray));
}
