// "Make shots" without leaving the page before the server has said yes: what is chosen stays whatever happens.
import { csrfToken, hearStatus } from "./session.js";
import { toast } from "./toasts.js";

function sayFailed(form, message) {
  const { failed, again } = document.getElementById("toasts").dataset;
  const action = message ? undefined : { label: again, run: () => requestShoot(form) };
  toast({ message: message || failed, tone: "error", action });
}

async function send(form) {
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: new FormData(form),
    });
    return { status: answer.status, ...(await answer.json().catch(() => ({}))) };
  } catch {
    return {}; // no connection, or no server
  }
}

/** Asks for the shoot that is chosen and opens it. The form's token makes one shoot of two identical requests. */
export async function requestShoot(form) {
  const button = form.querySelector("[data-make]");
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  const { status, url, error } = await send(form);
  if (url) location.assign(url);
  else if (!hearStatus(status)) sayFailed(form, error?.message);
  button.ariaBusy = "false";
}
