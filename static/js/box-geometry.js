// Boxes {x, y, width, height} in whole pixels of a photo. Pure functions.
const LEAST_PX = 8;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The box in whole pixels, at least 8 px a side, inside the photo. */
export function clampBox(box, photo) {
  const width = clamp(Math.round(box.width), LEAST_PX, photo.width);
  const height = clamp(Math.round(box.height), LEAST_PX, photo.height);
  return {
    x: clamp(Math.round(box.x), 0, photo.width - width),
    y: clamp(Math.round(box.y), 0, photo.height - height),
    width,
    height,
  };
}

/** The box between two points, in whichever order they were set. */
export function boxBetween(a, b) {
  return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) };
}

/** A drag that began at `start.at` on `start.handle` (new, move, n, ne, e, …) with `start.box` is now at `at`. */
export function dragBox(start, at) {
  const { box, handle } = start;
  if (handle === "new") return boxBetween(start.at, at);
  if (handle === "move") return { ...box, x: box.x + at.x - start.at.x, y: box.y + at.y - start.at.y };
  const right = box.x + box.width;
  const bottom = box.y + box.height;
  const a = { x: handle.includes("w") ? at.x : box.x, y: handle.includes("n") ? at.y : box.y };
  const b = { x: handle.includes("e") ? at.x : right, y: handle.includes("s") ? at.y : bottom };
  return boxBetween(a, b);
}

/** What an arrow key does: move the box, or with `resize` its right and lower side. Null for other keys. */
export function nudgeBox(box, key, step_px, resize) {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [];
  if (dx === undefined) return null;
  if (resize) return { ...box, width: box.width + dx * step_px, height: box.height + dy * step_px };
  return { ...box, x: box.x + dx * step_px, y: box.y + dy * step_px };
}
