// Short messages at the bottom. Server: HX-Trigger {"toast": {message, tone, action: {label, url}}}. Script: toast().
const SHOWN_MS = 6000;
const WITH_ACTION_MS = 10000;

function build({ message, tone = "ok", action }) {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  const isError = tone === "error";
  toast.classList.toggle("toast--error", isError);
  toast.querySelector("[data-toast-ok]").hidden = isError;
  toast.querySelector("[data-toast-error]").hidden = !isError;
  toast.querySelector(".toast__text").textContent = message;
  toast.querySelector("[data-toast-close]").addEventListener("click", () => toast.remove());
  if (isError) toast.setAttribute("role", "alert");
  if (action) addAction(toast, action);
  return toast;
}

function addAction(toast, action) {
  const button = toast.querySelector("[data-toast-action]");
  button.hidden = false;
  button.textContent = action.label;
  button.addEventListener("click", () => {
    toast.remove();
    if (action.run) action.run();
    else window.htmx.ajax("POST", action.url, { target: "body", swap: "none" });
  });
}

function removeLater(toast, after_ms) {
  let timer = setTimeout(() => toast.remove(), after_ms);
  const hold = () => clearTimeout(timer);
  const go = () => {
    timer = setTimeout(() => toast.remove(), after_ms);
  };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", go);
  toast.addEventListener("focusout", go);
}

/** @param {{message: string, tone?: "ok"|"error", action?: {label: string, url?: string, run?: () => void}}} options */
export function toast(options) {
  const region = document.getElementById("toasts");
  const element = build(options);
  region.append(element);
  while (region.children.length > 3) region.firstElementChild.remove();
  removeLater(element, options.action ? WITH_ACTION_MS : SHOWN_MS);
}

/** What a page wants to say when it opens: a hidden form is said as a message, its button is the action. */
function showWaiting(form) {
  const action = { label: form.querySelector("button").textContent, run: () => form.requestSubmit() };
  toast({ message: form.querySelector("[data-text]").textContent, action });
  history.replaceState(history.state, "", location.pathname);
}

export function watchToasts() {
  document.querySelectorAll("form[data-as-toast]").forEach(showWaiting);
  document.addEventListener("toast", (event) => toast(event.detail));
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => {
      toast({ message: document.getElementById("toasts").dataset.failed, tone: "error" });
    });
  }
  document.addEventListener("htmx:responseError", (event) => {
    const told = event.detail.xhr.getResponseHeader("HX-Trigger")?.includes('"toast"');
    if (!told) toast({ message: document.getElementById("toasts").dataset.failed, tone: "error" });
  });
}
