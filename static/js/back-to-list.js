// The list that a shot was opened from: Escape and the arrow lead back to it, also after steps from shot to shot.
const KEY = "vf-list";
const LISTS = /\/studio\/(review|library|looks|batches)\//;
const SHOTS = /\/studio\/shots\//;

/** `link` leads to the shoot, which is right for whoever came from there or from nowhere. */
export function leadBack(link) {
  const from = document.referrer ? new URL(document.referrer) : null;
  if (from && LISTS.test(from.pathname)) sessionStorage.setItem(KEY, from.href);
  else if (!from || !SHOTS.test(from.pathname)) sessionStorage.removeItem(KEY);
  const list = sessionStorage.getItem(KEY);
  if (!list || !link) return;
  link.href = list;
  link.ariaLabel = link.dataset.listTitle;
  link.title = `${link.dataset.listTitle} (Esc)`;
}
