// The tray of running jobs: asks again when a job that it shows changed, and stays folded or open from page to page.
// What happens after a quiet time is shown at once. A batch ends a few jobs every second for a quarter of an hour, on
// every page that is open: from then on the tray looks every BETWEEN_MS.
const WAIT_MS = 400;
const BETWEEN_MS = 2500;
const RUNNING_WAIT_MS = 2000; // a job that runs reports several times a second
const KEY = "vf-tray";
let timer = 0;
let due = Infinity;
let asked_at = -Infinity;
let chosenHere = false;

function refresh(tray, wait_ms) {
  const now = performance.now();
  const wanted = Math.max(now + wait_ms, asked_at + BETWEEN_MS);
  if (wanted >= due) return;
  clearTimeout(timer);
  due = wanted;
  timer = setTimeout(() => {
    due = Infinity;
    asked_at = performance.now();
    window.htmx.trigger(tray, "refresh");
  }, wanted - now);
}

/** On phones and beside a page's own controls the tray would cover what one came for: there it starts folded. */
function isInTheWay() {
  return matchMedia("(max-width: 45rem)").matches || Boolean(document.querySelector("[data-tray-folded]"));
}

function isOpen() {
  return isInTheWay() ? chosenHere : sessionStorage.getItem(KEY) !== "folded";
}

function remember(isChosenOpen) {
  if (isInTheWay()) chosenHere = isChosenOpen;
  else sessionStorage.setItem(KEY, isChosenOpen ? "open" : "folded");
}

function restore(tray) {
  const box = tray.querySelector("[data-tray]");
  if (!box) return;
  box.open = isOpen();
  box.querySelector("summary").addEventListener("click", () => remember(!box.open));
}

/** Pages keep as much room below their last row as the tray takes. */
function keepRoom(tray) {
  new ResizeObserver(() => document.documentElement.style.setProperty("--tray-height", `${tray.offsetHeight}px`)).observe(tray);
}

export function watchTray() {
  const tray = document.getElementById("tray");
  if (!tray) return;
  const quiet = tray.dataset.quiet.split(" ");
  document.addEventListener("vf:job", ({ detail }) => {
    if (detail.job && !quiet.includes(detail.kind)) refresh(tray, detail.state === "running" ? RUNNING_WAIT_MS : WAIT_MS);
  });
  tray.addEventListener("htmx:afterSwap", () => restore(tray));
  keepRoom(tray);
}
