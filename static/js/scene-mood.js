// A picture of one's own whose look a scene follows: sent like a photo, then one more choice among the pictures.
import { send } from "./upload-send.js";

const NO_ASSET = "00000000-0000-0000-0000-000000000000";

/** Chooses the picture `asset`, which becomes a choice if it is none yet. */
function choose(form, asset, name) {
  let radio = form.querySelector(`[name=style][value="${CSS.escape(asset)}"]`);
  if (!radio) {
    const template = form.querySelector("[data-mood-template]");
    const choice = template.content.firstElementChild.cloneNode(true);
    radio = choice.querySelector("input");
    radio.value = asset;
    const picture = choice.querySelector("img");
    picture.alt = name;
    picture.src = template.dataset.rendition.replace(NO_ASSET, asset);
    form.querySelector("[data-styles]").append(choice);
  }
  radio.click();
}

async function add(form, file, note) {
  const texts = document.getElementById("uploads-template").dataset;
  if (file.size > Number(texts.maxBytes)) {
    note.textContent = texts.tooBig;
    return;
  }
  note.textContent = note.dataset.sending;
  try {
    const { signal } = new AbortController();
    const options = { url: document.body.dataset.upload, mode: texts.mode, signal, onProgress: () => {} };
    const answer = await send(file, options);
    choose(form, answer.asset, file.name);
    note.textContent = "";
  } catch (error) {
    note.textContent = error.sentence ?? (error.again ? texts.interrupted : texts.refused);
  }
}

/** Lets people add a picture where the form offers pictures to follow. */
export function watchMood(form) {
  const picker = form.querySelector("[data-mood-picker]");
  const note = form.querySelector("[data-mood-note]");
  form.querySelector("[data-mood]").hidden = false;
  picker.addEventListener("change", async () => {
    const [file] = picker.files;
    picker.value = ""; // so that the same file can be chosen again
    if (!file) return;
    picker.disabled = true;
    await add(form, file, note);
    picker.disabled = false;
  });
}
