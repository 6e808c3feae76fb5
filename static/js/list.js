// Filters: fires "narrow" on the form as a person types (after a pause) or chooses (at once). Not htmx's own "change",
// which a text field fires again when it is left, in the middle of a click on a sort link.

const PAUSE_MS = 250;
let timer;

document.addEventListener("input", (event) => {
  const form = event.target.closest("form.filters");
  if (!form) return;
  const isTyped = event.target.matches("input:not([type=checkbox], [type=radio])");
  clearTimeout(timer);
  timer = setTimeout(() => form.dispatchEvent(new CustomEvent("narrow")), isTyped ? PAUSE_MS : 0);
});
