// Strokes as coverage: how much of each pixel (0..255) a brush or a polygon paints. The same rule as on the server:
// full up to `hardness` of the radius, from there falling to nothing at the rim; at least one pixel of soft rim.

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

/** Raises `cover` to what the polygon `points` fills, even-odd. Returns the touched rectangle or null. */
export function coverPolygon(cover, size, points) {
  const across = points.map((point) => point.x);
  const down = points.map((point) => point.y);
  const reach = { left: Math.min(...across), top: Math.min(...down), right: Math.max(...across), bottom: Math.max(...down) };
  const rect = clipped(reach, size);
  if (!rect) return null;
  const width = rect.right - rect.left;
  const context = new OffscreenCanvas(width, rect.bottom - rect.top).getContext("2d", { willReadFrequently: true });
  context.beginPath();
  for (const point of points) context.lineTo(point.x - rect.left, point.y - rect.top);
  context.closePath();
  context.fill("evenodd");
  const filled = context.getImageData(0, 0, width, rect.bottom - rect.top).data;
  for (let y = rect.top, from = 3; y < rect.bottom; y += 1) {
    for (let at = y * size.width + rect.left, end = at + width; at < end; at += 1, from += 4) {
      if (filled[from] > cover[at]) cover[at] = filled[from];
    }
  }
  return rect;
}
