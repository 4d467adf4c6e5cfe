// Signed in or not. A page stays open for days, a session does not: whatever part of the page first hears 401 says so
// here, one message appears, and signing in happens in a window of its own, so that nothing on this page is lost.
// "vf:signed-out" and "vf:signed-in" on document tell the other parts.
const channel = "BroadcastChannel" in window ? new BroadcastChannel("vf-session") : null;

/** The token of the session as it is now; another one after signing in again. */
export function csrfToken() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie ? cookie.slice("csrftoken=".length) : "";
}

function bar() {
  return document.getElementById("signed-out");
}

export function isSignedOut() {
  return bar()?.hidden === false;
}

/** Call it with the status of any answer. Returns whether the answer means that the session is over. */
export function hearStatus(status) {
  if (status !== 401) return false;
  showSignedOut();
  channel?.postMessage("out");
  return true;
}

function showSignedOut() {
  const element = bar();
  if (!element || isSignedOut()) return;
  element.hidden = false;
  // A live region is read when its content arrives, not when it appears.
  const text = element.querySelector("[data-text]");
  text.textContent = text.dataset.text;
  document.dispatchEvent(new CustomEvent("vf:signed-out"));
}

function showSignedIn() {
  const element = bar();
  if (!element || !isSignedOut()) return;
  element.hidden = true;
  element.querySelector("[data-text]").textContent = "";
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = csrfToken();
  document.dispatchEvent(new CustomEvent("vf:signed-in"));
}

/** The window is opened by script, so that it may close itself; without that the link opens it just as well. */
function openSignIn(event) {
  const link = event.target.closest("[data-sign-in]");
  if (!link) return;
  event.preventDefault();
  const opened = window.open(link.href, "vf-sign-in");
  if (!opened) window.location.assign(link.href);
}

/** What htmx sends carries the token of now; what it hears about the session goes no further. */
function watchHtmx() {
  document.addEventListener("htmx:configRequest", (event) => {
    const token = csrfToken();
    if (!token) return;
    event.detail.headers["X-CSRFToken"] = token;
    if (event.detail.formData?.has("csrfmiddlewaretoken")) event.detail.formData.set("csrfmiddlewaretoken", token);
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (hearStatus(event.detail.xhr.status)) event.preventDefault();
  });
}

export function watchSession() {
  watchHtmx();
  if (document.body.hasAttribute("data-signed-in")) channel?.postMessage("in");
  if (!bar()) return;
  channel?.addEventListener("message", ({ data }) => (data === "in" ? showSignedIn() : showSignedOut()));
  bar().addEventListener("click", openSignIn);
}
