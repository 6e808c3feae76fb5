// A form page that htmx has put into #dialog-body is shown as a modal dialog; Escape, its cross or the backdrop close it.

const dialog = document.querySelector("#dialog");
const body = document.querySelector("#dialog-body");

if (dialog && body) {
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body) return;
    if (!dialog.open) dialog.showModal();
    const first = body.querySelector("[aria-invalid=true]") ?? body.querySelector("[autofocus], .form input:not([type=hidden]), .form select");
    first?.focus();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => body.replaceChildren());
}
