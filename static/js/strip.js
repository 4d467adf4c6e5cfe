// The strip of sets with this product in each: pictures near the window, one after the other, so that a worker stays free
// for what is clicked meanwhile and nobody waits for sets that nobody looks at.
import { preview } from "./previews.js";

const AHEAD = "50% 0px"; // half a window further than what is seen

export class Strip {
  constructor(form) {
    this.form = form;
    this.images = [...form.querySelectorAll("[data-preview-of]")];
    this.near = new Set();
    this.shows = new Map(); // image -> the wish that it answers
    this.wish = null;
    this.isFilling = false;
    const watcher = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const image = target.querySelector("[data-preview-of]");
        if (isIntersecting) this.near.add(image);
        else this.near.delete(image);
      }
      this.fill();
    }, { rootMargin: AHEAD });
    for (const image of this.images) watcher.observe(image.parentElement);
  }

  /** Pictures of the palette, camera and mood that are looked at; the same again changes nothing. */
  refresh(wish) {
    const key = JSON.stringify(wish);
    if (key === this.wish?.key) return;
    this.wish = { key, ...wish };
    this.fill();
  }

  /** After a new cutout every picture is out of date. */
  forget() {
    this.wish = null;
  }

  async fill() {
    if (this.isFilling) return;
    this.isFilling = true;
    for (let image = this.next(); image; image = this.next()) await this.show(image);
    this.isFilling = false;
  }

  next() {
    return this.wish && this.images.find((image) => this.near.has(image) && this.shows.get(image) !== this.wish);
  }

  /** Also an image without an answer is done with: it keeps what it shows until something else is wished for. */
  async show(image) {
    const { wish } = this;
    const { key, ...asked } = wish;
    const url = await preview(this.form.dataset.preview, { set: image.dataset.previewOf, ...asked });
    if (wish !== this.wish) return;
    this.shows.set(image, wish);
    if (!url) return;
    image.src = url;
    image.hidden = false;
  }
}
