// What every page shares on which somebody paints with strokes: tools, the brush's size, undo and redo.
import { slider } from "./cutout-controls.js";

export class Painting {
  /** @param {string} toolField the name of the radio buttons that choose a tool */
  constructor(section, toolField, hardness) {
    this.section = section;
    this.toolField = toolField;
    this.photo = { width: Number(section.dataset.width), height: Number(section.dataset.height) };
    this.brush = { size: 1, hardness };
    this.mode = "keep";
  }

  /** @param {number} share of the picture's longer side, where the brush begins */
  watchSize(share) {
    const start = Math.log2(Math.max(this.photo.width, this.photo.height) * share);
    this.section.querySelector("[data-slider=size]").value = start;
    this.size = slider(this.section, "size", (value) => {
      this.brush.size = value;
      this.view.draw();
    });
  }

  /** Keys with Ctrl or Cmd: `more` are those of this page alone. */
  actOnKey(event, more = {}) {
    const acts = { z: () => (event.shiftKey ? this.redo() : this.undo()), y: () => this.redo(), ...more };
    const act = acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Buttons, by their data-act. */
  actOnClick(event, more = {}) {
    const acts = { undo: () => this.undo(), redo: () => this.redo(), ...more };
    acts[event.target.closest("button[data-act]")?.dataset.act]?.();
  }

  choose(name) {
    if (this.tool !== this.tools[name]) {
      this.hand.putPenUp();
      this.tool?.cancel();
    }
    this.tool = this.tools[name];
    this.section.dataset.tool = name;
    this.section.querySelector(`[name=${this.toolField}][value=${name}]`).checked = true;
    this.view.draw();
    return true;
  }

  changed(rect) {
    if (rect) this.view.repaint(rect);
    this.view.draw();
  }

  finished(step) {
    if (!step.rect) this.model.undo(); // it missed the picture
    this.refineWhatWaits();
    this.tell();
  }

  undo() {
    const step = this.hand.cancel() ? null : this.model.undo();
    if (step) this.changed(step.rect);
    this.tell();
  }

  redo() {
    const step = this.model.redo();
    if (step) this.changed(step.rect);
    this.refineWhatWaits();
    this.tell();
  }

  /** Strokes that the server has to work out; most pages have none. */
  refineWhatWaits() {}

  /** What a button with data-act looks like while it can do nothing. */
  enable(act, can) {
    this.section.querySelector(`[data-act=${act}]`).setAttribute("aria-disabled", String(!can));
  }
}
