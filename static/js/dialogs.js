// [data-dialog-open="id"] opens a <dialog>; a click on its backdrop closes it. Closing returns the focus by itself.
export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

export function watchDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) openDialog(opener.dataset.dialogOpen);
    if (event.target instanceof HTMLDialogElement) event.target.close();
    if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog").close();
  });
}
