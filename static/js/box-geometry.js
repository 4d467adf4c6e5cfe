// Boxes {x, y, width, height} in whole pixels of a photo. Pure functions.
const LEAST_PX = 8;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The box in whole pixels, at least 8 px a side, moved into the photo. */
export function clampBox(box, photo) {
  const width = clamp(Math.round(box.width), Math.min(LEAST_PX, photo.width), photo.width);
  const height = clamp(Math.round(box.height), Math.min(LEAST_PX, photo.height), photo.height);
  return {
    x: clamp(Math.round(box.x), 0, photo.width - width),
    y: clamp(Math.round(box.y), 0, photo.height - height),
    width,
    height,
  };
}

/** The nearest point of the photo. */
function inside(at, photo) {
  return { x: clamp(at.x, 0, photo.width), y: clamp(at.y, 0, photo.height) };
}

/** The box between two points, in whichever order they were set. */
export function boxBetween(a, b) {
  return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) };
}

/**
 * A drag that began at `start.at` on `start.handle` (new, move, n, ne, e, …) with `start.box` is now at `at`.
 * A side that is dragged across the opposite one becomes the opposite one.
 */
export function dragBox(start, at, photo) {
  const { box, handle } = start;
  if (handle === "move") return clampBox({ ...box, x: box.x + at.x - start.at.x, y: box.y + at.y - start.at.y }, photo);
  const here = inside(at, photo);
  if (handle === "new") return boxBetween(inside(start.at, photo), here);
  const corners = { west: box.x, east: box.x + box.width, north: box.y, south: box.y + box.height };
  const a = { x: handle.includes("w") ? here.x : corners.west, y: handle.includes("n") ? here.y : corners.north };
  const b = { x: handle.includes("e") ? here.x : corners.east, y: handle.includes("s") ? here.y : corners.south };
  return boxBetween(a, b);
}

/** Whether a drawn box is meant: one side of at least `least` pixels of the photo, the other of a third of that. */
export function isMeant({ width, height }, least) {
  return Math.max(width, height) >= least && Math.min(width, height) >= Math.max(LEAST_PX, least / 3);
}

/** What an arrow key does: move the box, or with `resize` its right and lower side. Null for other keys. */
export function nudgeBox(box, key, step_px, resize) {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [];
  if (dx === undefined) return null;
  if (resize) return { ...box, width: box.width + dx * step_px, height: box.height + dy * step_px };
  return { ...box, x: box.x + dx * step_px, y: box.y + dy * step_px };
}
