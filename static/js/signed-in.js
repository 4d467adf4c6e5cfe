// The window in which somebody signed in again: the page that asked for it goes on, and this window is not needed.
// Without a page that waits it is an ordinary visit, which goes on to where the link leads.
if (window.opener && window.name === "vf-sign-in") window.close();
else window.location.replace(document.querySelector("[data-go-on]").href);
