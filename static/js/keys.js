// Keys that work on every page. Pages add their own with onKeys(); typing and IME composition are left alone.
import { openDialog } from "./dialogs.js";

const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=range]):not([type=color]), textarea, select, [contenteditable]";

export function isTyping(event) {
  return event.isComposing || event.keyCode === 229 || Boolean(event.target.closest?.(TYPING));
}

/** Calls handlers[event.key] (letters in lower case) unless someone types, a modifier is held or a dialog is open. */
export function onKeys(handlers) {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (handlers[key]?.(event)) event.preventDefault();
  });
}

function focusSearch() {
  const field = document.querySelector("[data-search]");
  field?.focus();
  field?.select();
  return Boolean(field);
}

export function watchKeys() {
  onKeys({
    "/": focusSearch,
    "?": () => {
      openDialog("keys-dialog");
      return true;
    },
    n: () => {
      const picker = document.querySelector("[data-upload-picker]");
      picker?.click();
      return Boolean(picker);
    },
  });
}
