// Hairlines between the picture's pixels, drawn only over the visible part.
/**
 * @param {HTMLCanvasElement} canvas lies inside the picture's element
 * @param {HTMLElement} room the visible window
 * @param {{left: number, top: number, width: number, height: number}} frame the picture in the room, CSS px
 * @param {{width: number, height: number}} size of the picture in its own pixels
 */
export function drawPixelGrid(canvas, room, frame, size, isShown) {
  canvas.hidden = !isShown;
  if (!isShown) return;
  const density = window.devicePixelRatio || 1;
  const { clientWidth, clientHeight } = room;
  canvas.width = Math.round(clientWidth * density);
  canvas.height = Math.round(clientHeight * density);
  const place = { left: `${-frame.left}px`, top: `${-frame.top}px`, width: `${clientWidth}px`, height: `${clientHeight}px` };
  for (const [name, value] of Object.entries(place)) canvas.style.setProperty(name, value);
  const brush = canvas.getContext("2d");
  brush.fillStyle = "rgb(128 128 128 / 38%)";
  const pitch = { x: (frame.width / size.width) * density, y: (frame.height / size.height) * density };
  const edge = { left: Math.max(0, frame.left) * density, top: Math.max(0, frame.top) * density };
  const right = Math.min(clientWidth, frame.left + frame.width) * density;
  const bottom = Math.min(clientHeight, frame.top + frame.height) * density;
  for (let x = frame.left * density; x <= right; x += pitch.x) {
    if (x >= edge.left) brush.fillRect(Math.round(x), edge.top, 1, bottom - edge.top);
  }
  for (let y = frame.top * density; y <= bottom; y += pitch.y) {
    if (y >= edge.top) brush.fillRect(edge.left, Math.round(y), right - edge.left, 1);
  }
}
