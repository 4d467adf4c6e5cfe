// Strokes that are not saved yet outlive a reload, a sign-in and a crash: they stay in this browser, with the cutout
// that they were painted on.
const MOST_LETTERS = 1_500_000;
const key = (product) => `vf-cutout ${product}`;

export function keepDraft(product, base, strokes) {
  const text = JSON.stringify({ base, strokes });
  try {
    if (text.length <= MOST_LETTERS) localStorage.setItem(key(product), text);
  } catch {
    // No room, or a browser that keeps nothing: the strokes live as long as the page.
  }
}

export function forgetDraft(product) {
  localStorage.removeItem(key(product));
}

/** The strokes of a draft for this cutout; those for another one are of no use any more. */
export function readDraft(product, base) {
  try {
    const draft = JSON.parse(localStorage.getItem(key(product)) ?? "null");
    return draft?.base === base ? draft.strokes : [];
  } catch {
    return [];
  }
}
