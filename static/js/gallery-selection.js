// Several shots at once: Shift with arrows or a click takes a range, Ctrl with a click one more, Ctrl A all, Esc none.
export class Selection {
  #anchor = null;

  constructor(gallery, shots) {
    this.gallery = gallery;
    this.shots = shots;
    this.onChange = () => {};
    gallery.addEventListener("click", (event) => this.onClick(event), { capture: true });
  }

  get chosen() {
    return this.shots().filter((shot) => shot.hasAttribute("data-selected"));
  }

  onClick(event) {
    const shot = event.target.closest("[data-shot]");
    const isMany = event.shiftKey || event.ctrlKey || event.metaKey;
    if (!shot || !isMany || event.target.closest("button, select")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.shiftKey) this.rangeTo(shot);
    else this.toggle(shot);
  }

  toggle(shot) {
    shot.toggleAttribute("data-selected");
    this.#anchor = shot.id;
    this.onChange();
  }

  /** From where the range began to `shot`; `from` begins one where there is none. */
  rangeTo(shot, from = shot) {
    const all = this.shots();
    let begin = all.findIndex((other) => other.id === this.#anchor);
    if (begin < 0) {
      begin = all.indexOf(from);
      this.#anchor = from.id;
    }
    const [first, last] = [begin, all.indexOf(shot)].sort((a, b) => a - b);
    all.forEach((other, index) => other.toggleAttribute("data-selected", index >= first && index <= last));
    this.onChange();
  }

  all() {
    for (const shot of this.shots()) shot.setAttribute("data-selected", "");
    this.onChange();
    return true;
  }

  clear() {
    const had = this.chosen.length > 0;
    for (const shot of this.gallery.querySelectorAll("[data-selected]")) shot.removeAttribute("data-selected");
    this.#anchor = null;
    this.onChange();
    return had;
  }
}
