// The unmapped queue by keyboard. The row that has the focus is the row that the keys act on; each key presses a
// button or a link that is on the page anyway: [data-key]. Once a row is decided, the next one has the focus.

const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
const waiting = () => [...document.querySelectorAll("[data-queue] tbody tr:not(.row-done)")];
const current = () => document.activeElement?.closest("[data-queue] tbody tr");
const dialog = document.querySelector("#dialog");

const focusOn = (row, { quietly = false } = {}) => {
  const first = row?.querySelector("[data-first]") ?? row?.querySelector("a, button");
  first?.focus({ preventScroll: true });
  if (!quietly) row?.scrollIntoView({ block: "nearest" });
};

const go = (step) => {
  const rows = waiting();
  const here = rows.indexOf(current());
  focusOn(rows[here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + step))]);
};

const press = (selector) => {
  const target = (current() ?? waiting()[0])?.querySelector(selector);
  target?.click();
  return Boolean(target);
};

const undo = () => {
  const buttons = [...document.querySelectorAll("[data-queue] [data-undo]")];
  const last = buttons.find((button) => button.closest("tr").id === decided.at(-1)) ?? buttons.at(-1);
  last?.click();
  return Boolean(last);
};

// Rows in the order in which they were decided, so that "u" takes back the last one first.
const decided = [];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog?.open || isTyping(event.target)) return;
  const moves = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  let isDone = true;
  if (key in moves) go(moves[key]);
  else if (key === "u") isDone = undo();
  else if (key === "?") document.querySelector('[data-key-anywhere="?"]')?.click();
  else isDone = /^[a-z1-9]$/.test(key) && press(`[data-key="${key}"]`);
  if (isDone) event.preventDefault();
});

// In the dialog Enter takes the first SKU that was found, once the matches are those of what was typed.
let isSearching = false;
document.addEventListener("input", (event) => { if (event.target.id === "find") isSearching = true; });
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.id !== "find" || isSearching) return;
  const first = document.querySelector("#matches button");
  if (!first) return;
  event.preventDefault();
  first.click();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "matches") isSearching = false;
});

// A decided row makes room: its place is remembered before the answer comes, and the next row has the focus after.
let next = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const row = event.detail.target?.closest?.("[data-queue] tbody tr");
  if (!row) return;
  const rows = waiting();
  const here = rows.indexOf(row);
  next = here < 0 ? row.id : (rows[here + 1] ?? rows[here - 1])?.id;
  decided.push(row.id);
  if (dialog?.open) dialog.close();
});
document.addEventListener("htmx:afterSettle", () => {
  if (next === null) return;
  const row = document.getElementById(next);
  next = null;
  if (row) focusOn(row);
});

// Where there is a keyboard the first row has the focus at once.
if (document.activeElement === document.body && matchMedia("(hover: hover) and (min-width: 641px)").matches) {
  focusOn(waiting()[0], { quietly: true });
}
