// "Make shots": the form's token makes one shoot of two identical requests.
import { send } from "./sending.js";

/** Asks for the shoot that is chosen and opens it. */
export async function requestShoot(form) {
  const button = form.querySelector("[data-make]");
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  const url = await send(form, () => requestShoot(form));
  if (url) location.assign(url);
  button.ariaBusy = "false";
}
