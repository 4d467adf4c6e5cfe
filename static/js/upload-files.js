// Which files somebody means: a drop of files and folders, a paste, a picker.
const PICTURE = /\.(jpe?g|jfif|png|webp|avif|tiff?|bmp|heic|heif)$/i;

function isHidden(name) {
  return name.startsWith(".") || /^(thumbs\.db|desktop\.ini)$/i.test(name);
}

function isPicture(file) {
  return file.type.startsWith("image/") || PICTURE.test(file.name);
}

function fileOf(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** All entries of a folder: readEntries hands them out in portions and ends with an empty one. */
async function entriesOf(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}

async function walk(entry, found) {
  if (isHidden(entry.name)) return;
  if (entry.isDirectory) {
    for (const inner of await entriesOf(entry)) await walk(inner, found);
  } else {
    const file = await fileOf(entry);
    if (isPicture(file)) found.files.push(file);
    else found.leftOut += 1;
  }
}

/**
 * The files of a drop. What was dropped by itself is always taken, so that the server can say what is wrong with it;
 * of a folder only the pictures are.
 * @param {DataTransfer} transfer
 * @returns {Promise<{files: File[], leftOut: number}>}
 */
export async function droppedFiles(transfer) {
  // Entries and files have to be taken now: the list is empty after the first await.
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const dropped = items.map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  const found = { files: [], leftOut: 0 };
  for (const { entry, file } of dropped) {
    if (entry?.isDirectory) await walk(entry, found);
    else if (file) found.files.push(file);
  }
  return found;
}

/** @param {FileList} list @returns {{files: File[], leftOut: number}} a picker's files; a folder picker's pictures. */
export function pickedFiles(list, { isFolder = false } = {}) {
  const all = [...list].filter((file) => !isFolder || !isHidden(file.name));
  const files = isFolder ? all.filter(isPicture) : all;
  return { files, leftOut: all.length - files.length };
}

/** Pasted pictures, with a name: the clipboard calls them all image.png. */
export function pastedFiles(transfer, name) {
  return [...transfer.files].filter(isPicture).map((file) => {
    const suffix = file.type.split("/")[1] ?? "png";
    const nameless = /^image\.\w+$/.test(file.name);
    return nameless ? new File([file], `${name}.${suffix}`, { type: file.type }) : file;
  });
}
