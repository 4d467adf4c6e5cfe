// What is edited: one plain object, its history, and who wants to hear of changes.
const MOST_STEPS = 200;
const MOST_KEPT = 60; // steps that survive a reload: a store holds a few megabytes

/** The camera of a look holds for one set and camera; another format shows more or less around the same place. */
export const FREE = { lock: undefined };

export class EditState {
  #past = [];
  #future = [];
  #listeners = [];
  #committed;

  /** `kept` is where unsaved edits and their history survive a reload of the page. */
  constructor(saved, kept) {
    this.saved = JSON.stringify(saved);
    this.kept = kept;
    const { wish, past = [], future = [] } = JSON.parse(sessionStorage.getItem(kept) ?? "{}");
    this.wish = wish ?? saved;
    this.#past = past;
    this.#future = future;
    this.#committed = JSON.stringify(this.wish);
  }

  /** Goes on from another wish; undo brings back what was there. */
  begin(wish) {
    if (wish) this.wish = wish;
    this.commit();
  }

  hear(listener) {
    this.#listeners.push(listener);
    listener(this.wish);
  }

  #tell() {
    for (const listener of this.#listeners) listener(this.wish);
  }

  get isChanged() {
    return JSON.stringify(this.wish) !== this.saved;
  }

  /** Not in the middle of a drag. */
  get isSettled() {
    return JSON.stringify(this.wish) === this.#committed;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  edit(name, fallback) {
    return this.wish.edits[name] ?? fallback;
  }

  /** Change while something is dragged; `commit` makes it one step of the history. */
  change(change) {
    this.wish = { ...this.wish, ...change };
    this.#tell();
  }

  /** Set one of the library's edits; neutral values are left out, as in the recipe. */
  setEdit(name, value, neutral) {
    const { [name]: _old, ...others } = this.wish.edits;
    const edits = value === neutral ? others : { ...others, [name]: value };
    this.change(name.startsWith("frame_") ? { edits, ...FREE } : { edits });
  }

  commit() {
    const now = JSON.stringify(this.wish);
    if (now === this.#committed) return;
    this.#past = [...this.#past.slice(1 - MOST_STEPS), this.#committed];
    this.#future = [];
    this.#settle(now);
  }

  undo() {
    this.commit();
    return this.#step(this.#past, this.#future);
  }

  redo() {
    return this.#step(this.#future, this.#past);
  }

  reset() {
    this.wish = JSON.parse(this.saved);
    this.commit();
    this.#tell();
  }

  /** Call it once the edits are stored. */
  forget() {
    sessionStorage.removeItem(this.kept);
  }

  #step(from, to) {
    if (!from.length) return false;
    to.push(this.#committed);
    this.wish = JSON.parse(from.at(-1));
    from.pop();
    this.#settle(JSON.stringify(this.wish));
    return true;
  }

  #settle(now) {
    this.#committed = now;
    const kept = { wish: JSON.parse(now), past: this.#past.slice(-MOST_KEPT), future: this.#future.slice(-MOST_KEPT) };
    sessionStorage.setItem(this.kept, JSON.stringify(kept));
    this.#tell();
  }
}
