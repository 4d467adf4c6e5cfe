// Pictures as pixels at the size of the editor's preview.

/** Throws when the picture can not be had. */
export async function loadPicture(url) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  return picture;
}

/**
 * `picture` drawn into the rectangle `place` of a canvas of `size`.
 * @returns {[OffscreenCanvas, ImageData]}
 */
export function placedPixels(picture, { left, top, width, height }, size) {
  const canvas = new OffscreenCanvas(size.width, size.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, left, top, width, height);
  return [canvas, context.getImageData(0, 0, size.width, size.height)];
}
