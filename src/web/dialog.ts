/** Lets a dialog be closed by its button, and by a click beside it. Escape closes it anyway. */
export function bindClosing(dialog: HTMLDialogElement, button: HTMLButtonElement): void {
  button.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    // A click beside the dialog hits the dialog element itself.
    if (event.target === dialog) dialog.close();
  });
}
