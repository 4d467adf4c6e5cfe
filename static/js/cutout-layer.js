// What lies over the photo or over the ground, pixel by pixel of the preview, for each way of looking at a cutout.
const CHECK_PX = 24;
const LOOK_PX = 12;
const MARK = [42, 85, 212];
const MARK_PX = 14;
const WORST = 72; // a colour this far from the product's own is as bad as it gets
const AROUND = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]];

/** The photo stays where the product is; the rest lies under a checkerboard that shows on any photo. */
function veil({ alpha }, at, x, y, out, to) {
  const tone = ((Math.floor(x / CHECK_PX) + Math.floor(y / CHECK_PX)) & 1) * 26 + 100;
  out[to] = out[to + 1] = out[to + 2] = tone;
  out[to + 3] = (255 - alpha[at]) * 0.74;
}

function cutout({ alpha, rgb }, at, x, y, out, to) {
  for (let i = 0; i < 3; i += 1) out[to + i] = rgb[at * 4 + i];
  out[to + 3] = alpha[at];
}

function matte({ alpha }, at, x, y, out, to) {
  out[to] = out[to + 1] = out[to + 2] = alpha[at];
  out[to + 3] = 255;
}

/** How far a soft pixel's colour is from the product just beside it: what is left there is the old background. */
function strangeness({ alpha, rgb, size }, at, x, y) {
  let least = Infinity;
  for (const [dx, dy] of AROUND) {
    for (let step = 1; step <= LOOK_PX; step += 1) {
      const column = x + dx * step;
      const row = y + dy * step;
      if (column < 0 || row < 0 || column >= size.width || row >= size.height) break;
      const there = row * size.width + column;
      if (alpha[there] !== 255) continue;
      const far = Math.hypot(rgb[there * 4] - rgb[at * 4], rgb[there * 4 + 1] - rgb[at * 4 + 1], rgb[there * 4 + 2] - rgb[at * 4 + 2]);
      least = Math.min(least, far);
      break;
    }
  }
  return least === Infinity ? 0 : Math.min(1, least / WORST);
}

/** The product in grey, its soft edge from blue (clean) over yellow to red (another colour than the product's). */
function fringe(model, at, x, y, out, to) {
  const alpha = model.alpha[at];
  out[to + 3] = 255;
  if (alpha === 0 || alpha === 255) {
    const grey = model.photo[at * 4] * 0.3 + model.photo[at * 4 + 1] * 0.59 + model.photo[at * 4 + 2] * 0.11;
    out[to] = out[to + 1] = out[to + 2] = alpha ? 70 + grey * 0.35 : 24;
    return;
  }
  const heat = strangeness(model, at, x, y);
  out[to] = Math.min(255, 40 + heat * 430);
  out[to + 1] = heat < 0.5 ? 120 + heat * 200 : 220 - (heat - 0.5) * 380;
  out[to + 2] = Math.max(30, 255 - heat * 450);
}

/** What is painted, over the whole photo: a tint with a grid of lines, to be seen on any colour. */
function mark({ alpha }, at, x, y, out, to) {
  const isLine = (x + y) % MARK_PX < 2;
  out[to] = isLine ? 255 : MARK[0];
  out[to + 1] = isLine ? 255 : MARK[1];
  out[to + 2] = isLine ? 255 : MARK[2];
  out[to + 3] = alpha[at] * 0.55;
}

const LOOKS = { photo: veil, cutout, alpha: matte, fringe, mark };

/** Whether the photo itself lies below the layer. */
export function isOverPhoto(look) {
  return look === "photo" || look === "mark";
}

/** How far a pixel's look depends on others. */
export function reach(look) {
  return look === "fringe" ? LOOK_PX : 0;
}

/** Draws the part `rect` of `model` as `look` (photo, cutout, alpha, fringe) into `context`, which has the preview's size. */
export function paintLayer(context, model, look, rect) {
  const width = rect.right - rect.left;
  const height = rect.bottom - rect.top;
  const image = new ImageData(width, height);
  const draw = LOOKS[look];
  for (let y = rect.top, to = 0; y < rect.bottom; y += 1) {
    for (let x = rect.left, at = y * model.size.width + x; x < rect.right; x += 1, at += 1, to += 4) {
      draw(model, at, x, y, image.data, to);
    }
  }
  context.putImageData(image, rect.left, rect.top);
}
