// The verify page takes every drop and paste for itself: here a file is examined, not added to the products.
const form = document.querySelector("[data-verify]");
const input = form.querySelector("[name=file]");

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

function take(files) {
  if (!files.length) return;
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  input.files = list.files;
  form.dispatchEvent(new Event("change"));
}

for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  window.addEventListener(
    type,
    (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      form.classList.toggle("verify--over", type === "dragenter" || type === "dragover");
      if (type === "drop") take([...event.dataTransfer.files]);
    },
    { capture: true },
  );
}

window.addEventListener(
  "paste",
  (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    take([...event.clipboardData.files]);
  },
  { capture: true },
);

form.addEventListener("htmx:afterRequest", () => {
  input.value = ""; // so that the same file can be chosen again
});
