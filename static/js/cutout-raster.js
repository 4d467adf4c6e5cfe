// Strokes as coverage: how much of each pixel (0..255) a brush or a polygon paints. The same rule as on the server:
// full up to `hardness` of the radius, from there falling to nothing at the rim; at least one pixel of soft rim.

const LINES_A_ROW = 8;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Rectangles {left, top, right, bottom}, half-open, in pixels of the canvas; null is the empty one. */
export function united(a, b) {
  if (!a || !b) return a ?? b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

export function clipped(rect, size) {
  const left = clamp(Math.floor(rect.left), 0, size.width);
  const top = clamp(Math.floor(rect.top), 0, size.height);
  const right = clamp(Math.ceil(rect.right), 0, size.width);
  const bottom = clamp(Math.ceil(rect.bottom), 0, size.height);
  return right > left && bottom > top ? { left, top, right, bottom } : null;
}

export function grown(rect, margin, size) {
  const { left, top, right, bottom } = rect;
  return clipped({ left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin }, size);
}

export function touches(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Radii between which a brush's coverage falls from full to nothing. */
export function rims(size, hardness) {
  const radius = size / 2;
  const inner = hardness * radius;
  if (radius - inner >= 1) return { inner, outer: radius };
  const hard = Math.max(0, radius - 0.5);
  return { inner: hard, outer: hard + 1 };
}

/** Raises `cover` to what a brush paints between points `a` and `b`. Returns the touched rectangle or null. */
export function coverSegment(cover, size, a, b, { inner, outer }) {
  const reach = { left: Math.min(a.x, b.x) - outer, top: Math.min(a.y, b.y) - outer };
  const rect = clipped({ ...reach, right: Math.max(a.x, b.x) + outer, bottom: Math.max(a.y, b.y) + outer }, size);
  if (!rect) return null;
  const along = { x: b.x - a.x, y: b.y - a.y };
  const length = Math.max(along.x * along.x + along.y * along.y, 1e-12);
  const fall = 255 / (outer - inner);
  const outerSquared = outer * outer;
  for (let y = rect.top; y < rect.bottom; y += 1) {
    const toY = y + 0.5 - a.y;
    for (let x = rect.left, at = y * size.width + x; x < rect.right; x += 1, at += 1) {
      if (cover[at] === 255) continue;
      const toX = x + 0.5 - a.x;
      const share = clamp((toX * along.x + toY * along.y) / length, 0, 1);
      const dx = toX - share * along.x;
      const dy = toY - share * along.y;
      const squared = dx * dx + dy * dy;
      if (squared >= outerSquared) continue;
      const value = Math.round(clamp((outer - Math.sqrt(squared)) * fall, 0, 255));
      if (value > cover[at]) cover[at] = value;
    }
  }
  return rect;
}

/** Where the level line at `y` meets the sides of the polygon, from left to right. */
function crossings(points, y) {
  const found = [];
  let a = points.at(-1);
  for (const b of points) {
    if (a.y <= y !== b.y <= y) found.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
    a = b;
  }
  return found.sort((one, other) => one - other);
}

/** Adds the part of each pixel between `start` and `stop` to a row of shares. */
function addSpan(row, start, stop, weight) {
  const from = clamp(start, 0, row.length);
  const to = clamp(stop, 0, row.length);
  for (let x = Math.floor(from); x < Math.min(row.length, Math.floor(to) + 1); x += 1) {
    row[x] += Math.max(0, Math.min(to, x + 1) - Math.max(from, x)) * weight;
  }
}

/** Raises `cover` to what the polygon `points` fills, even-odd. Returns the touched rectangle or null. */
export function coverPolygon(cover, size, points) {
  const across = points.map((point) => point.x);
  const down = points.map((point) => point.y);
  const reach = { left: Math.min(...across), top: Math.min(...down), right: Math.max(...across), bottom: Math.max(...down) };
  const rect = clipped(reach, size);
  if (!rect) return null;
  const row = new Float32Array(rect.right - rect.left);
  for (let y = rect.top; y < rect.bottom; y += 1) {
    row.fill(0);
    for (let line = 0; line < LINES_A_ROW; line += 1) {
      const met = crossings(points, y + (line + 0.5) / LINES_A_ROW);
      for (let k = 0; k + 1 < met.length; k += 2) addSpan(row, met[k] - rect.left, met[k + 1] - rect.left, 1 / LINES_A_ROW);
    }
    row.forEach((share, x) => {
      const at = y * size.width + rect.left + x;
      cover[at] = Math.max(cover[at], Math.round(Math.min(1, share) * 255));
    });
  }
  return rect;
}
