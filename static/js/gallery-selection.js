// Several shots at once: Shift with arrows or a click takes a range, Ctrl with a click one more, Ctrl A all, Esc none.
export class Selection {
  #anchor = null;
  #ids = new Set(); // of what is selected: cards are swapped for new ones

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
    this.#tell();
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
    this.#tell();
  }

  all() {
    for (const shot of this.shots()) shot.setAttribute("data-selected", "");
    this.#tell();
    return true;
  }

  clear() {
    const had = this.chosen.length > 0;
    for (const shot of this.gallery.querySelectorAll("[data-selected]")) shot.removeAttribute("data-selected");
    this.#anchor = null;
    this.#tell();
    return had;
  }

  /** A card that took another one's place shows the same shot, and is selected as that one was. */
  restore() {
    for (const id of this.#ids) document.getElementById(id)?.setAttribute("data-selected", "");
  }

  #tell() {
    this.#ids = new Set(this.chosen.map((shot) => shot.id));
    this.onChange();
  }
}
