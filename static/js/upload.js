// Photos into the workspace: dropped anywhere, pasted or picked. Three at a time, each with its own row and its own fate.
// Texts and markup are the <template>s of templates/assets/_upload_panel.html.
import { toast } from "./toasts.js";
import { droppedFiles, pastedFiles, pickedFiles } from "./upload-files.js";
import { createProducts, send } from "./upload-send.js";

const AT_ONCE = 3;
const GATHER_MS = 250;
const LEAVE_MS = 4000;
const NO_ASSET = "00000000-0000-0000-0000-000000000000";

const uploads = new Set();
const accepted = [];
let gathering = 0;
let panel = null;
let texts = null;

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

function openPanel() {
  if (panel?.isConnected) return;
  panel = document.getElementById("uploads-template").content.firstElementChild.cloneNode(true);
  panel.querySelector("[data-close]").addEventListener("click", closePanel);
  panel.querySelector("[data-retry-all]").addEventListener("click", () => {
    for (const upload of uploads) if (upload.again) restart(upload);
  });
  const place = document.querySelector("[data-upload-list]");
  if (place) place.append(panel);
  else {
    panel.classList.add("uploads--floating");
    document.body.append(panel);
  }
}

function closePanel() {
  for (const upload of uploads) if (isOver(upload)) uploads.delete(upload);
  panel?.remove();
  panel = null;
}

function isOver(upload) {
  return ["done", "known", "failed"].includes(upload.state);
}

function showPanel() {
  if (!panel) return;
  const all = [...uploads];
  const failed = all.filter((upload) => upload.state === "failed").length;
  const done = all.filter(isOver).length - failed;
  const count = panel.querySelector("[data-count]");
  const text = fill(failed ? count.dataset.failedText : count.dataset.text, { done, total: all.length, failed });
  if (count.textContent !== text) count.textContent = text;
  const parts = all.map((upload) => (isOver(upload) ? 1 : 0.9 * upload.progress));
  panel.querySelector("[data-total]").value = all.length ? parts.reduce((sum, part) => sum + part, 0) / all.length : 0;
  panel.querySelector("[data-retry-all]").hidden = all.filter((upload) => upload.again).length < 2;
  panel.querySelector("[data-close]").hidden = !all.every(isOver);
  if (all.every(isOver)) setTimeout(leave, LEAVE_MS);
}

/** What went well makes room; what needs a look stays until somebody has looked. */
function leave() {
  const all = [...uploads];
  if (!panel || !all.every(isOver) || panel.matches(":focus-within, :hover")) return;
  if (all.every((upload) => upload.state === "done")) closePanel();
  for (const upload of all) if (upload.state === "done") upload.row.remove();
}

function buildRow(upload) {
  const row = document.getElementById("upload-template").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-name]").textContent = upload.file.name;
  row.querySelector("[data-retry]").addEventListener("click", () => restart(upload));
  row.querySelector("[data-remove]").addEventListener("click", () => remove(upload));
  return row;
}

function showRow(upload) {
  const { row, state } = upload;
  row.dataset.state = state;
  const note = row.querySelector("[data-note]");
  note.textContent = state === "failed" ? upload.sentence : note.dataset[state];
  for (const icon of row.querySelectorAll("[data-icon]")) icon.hidden = !icon.dataset.icon.split(" ").includes(state);
  const bar = row.querySelector("[data-progress]");
  bar.hidden = state !== "sending" && state !== "checking";
  if (state === "checking") bar.removeAttribute("value");
  else bar.value = upload.progress;
  row.querySelector("[data-retry]").hidden = !upload.again;
  const picture = row.querySelector("[data-picture]");
  if (upload.asset && picture.hidden) {
    picture.src = texts.rendition.replace(NO_ASSET, upload.asset);
    picture.hidden = false;
  }
  showPanel();
}

function change(upload, changes) {
  Object.assign(upload, changes);
  showRow(upload);
}

function remove(upload) {
  const next = upload.row.nextElementSibling ?? upload.row.previousElementSibling;
  upload.abort.abort();
  uploads.delete(upload);
  upload.row.remove();
  (next ?? document.querySelector("[data-upload-picker]"))?.querySelector?.("[data-remove]")?.focus();
  if (uploads.size) showPanel();
  else closePanel();
  startNext();
}

function restart(upload) {
  change(upload, { state: "waiting", again: false, progress: 0, abort: new AbortController() });
  startNext();
}

function startNext() {
  const busy = [...uploads].filter((upload) => upload.state === "sending" || upload.state === "checking").length;
  const waiting = [...uploads].filter((upload) => upload.state === "waiting");
  for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - busy))) run(upload);
}

async function run(upload) {
  change(upload, { state: "sending" });
  try {
    const answer = await send(upload.file, {
      url: document.body.dataset.upload,
      mode: texts.mode,
      signal: upload.abort.signal,
      onProgress: (progress) => change(upload, { progress, state: progress < 1 ? "sending" : "checking" }),
    });
    change(upload, { asset: answer.asset, state: answer.duplicate ? "known" : "done", progress: 1 });
    announce(upload);
  } catch (error) {
    if (error.name === "AbortError") return;
    const sentence = error.sentence ?? (error.again ? texts.interrupted : texts.refused);
    change(upload, { state: "failed", sentence, again: error.again ?? true, isSignedOut: error.isSignedOut });
  }
  startNext();
}

/** Photos that arrive close together become products in one request. */
function announce(upload) {
  accepted.push(upload);
  gathering ||= setTimeout(makeProducts, GATHER_MS);
}

async function makeProducts() {
  gathering = 0;
  const url = document.body.dataset.products;
  const some = accepted.splice(0);
  if (!url) return;
  try {
    const assets = [...new Set(some.map((upload) => upload.asset))];
    const html = await createProducts(url, assets);
    const cards = document.createElement("template");
    cards.innerHTML = html;
    for (const upload of some) showProduct(upload, cards.content.children[assets.indexOf(upload.asset)]);
    document.dispatchEvent(new CustomEvent("vf:products", { detail: { html } }));
  } catch (error) {
    for (const upload of some) {
      const sentence = error.sentence ?? texts.interrupted;
      change(upload, { state: "failed", sentence, again: true, isSignedOut: error.isSignedOut });
    }
  }
}

function showProduct(upload, card) {
  const address = card?.querySelector("a[href]")?.getAttribute("href");
  if (!address) return;
  const link = upload.row.querySelector("[data-open]");
  link.href = address;
  link.hidden = false;
}

/** Adds files to the queue. @param {{files: File[], leftOut: number}} found */
export function addFiles({ files, leftOut = 0 }) {
  if (leftOut) toast({ message: fill(texts.leftOut, { count: leftOut }) });
  if (!files.length) {
    if (!leftOut) toast({ message: texts.nothing, tone: "error" });
    return;
  }
  openPanel();
  const rows = document.createDocumentFragment();
  for (const file of files) {
    const upload = { file, state: "waiting", progress: 0, again: false, abort: new AbortController() };
    upload.row = buildRow(upload);
    uploads.add(upload);
    rows.append(upload.row);
    if (file.size > Number(texts.maxBytes)) change(upload, { state: "failed", sentence: texts.tooBig });
    else showRow(upload);
  }
  panel.querySelector("[data-rows]").append(rows);
  startNext();
}

function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function watchDrop() {
  const veil = document.getElementById("dropveil");
  let depth = 0;
  const show = (isOver_) => {
    if (veil) veil.hidden = !isOver_;
  };
  document.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    show(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth - 1);
    show(depth > 0);
  });
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    addFiles(await droppedFiles(event.dataTransfer));
  });
}

function watchPickers() {
  document.addEventListener("change", (event) => {
    const picker = event.target.closest?.("[data-upload-picker]");
    if (!picker?.files?.length) return;
    addFiles(pickedFiles(picker.files, { isFolder: picker.webkitdirectory }));
    picker.value = ""; // so that the same file can be chosen again
  });
}

function watchPaste() {
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData ? pastedFiles(event.clipboardData, texts.pasted) : [];
    if (!files.length) return;
    event.preventDefault();
    addFiles({ files });
  });
}

export function watchUploads() {
  const template = document.getElementById("uploads-template");
  if (!template || !document.body.dataset.upload) return;
  texts = template.dataset;
  watchDrop();
  watchPickers();
  watchPaste();
  document.addEventListener("vf:signed-in", () => {
    for (const upload of uploads) if (upload.state === "failed" && upload.isSignedOut) restart(upload);
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...uploads].some((upload) => !isOver(upload))) event.preventDefault();
  });
}
