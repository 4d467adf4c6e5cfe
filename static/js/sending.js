// A form sent without leaving the page before the server has said yes: what it holds stays whatever happens.
import { csrfToken, hearStatus } from "./session.js";
import { toast } from "./toasts.js";

async function post(form, body) {
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
      body,
    });
    return { status: answer.status, ...(await answer.json().catch(() => ({}))) };
  } catch {
    return {}; // no connection, or no server
  }
}

/** The address that the server's yes leads to; without one it is said what went wrong, and `again` is offered. */
export async function send(form, again, body = new FormData(form)) {
  const { status, url, error } = await post(form, body);
  if (url) return url;
  if (hearStatus(status)) return "";
  const words = document.getElementById("toasts").dataset;
  const action = error?.message ? undefined : { label: words.again, run: again };
  toast({ message: error?.message || words.failed, tone: "error", action });
  return "";
}
