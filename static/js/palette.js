// The search palette: ⌘K or Ctrl-K anywhere, "/" outside of fields, or the search field of the bar. The arrow keys walk
// the hits, Enter opens the one that is chosen. A page with a search field of its own keeps "/" for that.

const palette = document.querySelector("#palette");
const field = document.querySelector("#palette-words");
const hitsOf = () => [...palette.querySelectorAll("[data-hit]")];
const problem = palette?.querySelector(".palette-problem");
const PAUSE_MS = 120;
let timer;

const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]") != null;

const choose = (hit) => {
  for (const each of hitsOf()) each.removeAttribute("data-chosen");
  hit?.setAttribute("data-chosen", "");
  hit?.scrollIntoView({ block: "nearest" });
};

const open = (words = "") => {
  if (document.querySelector("dialog[open]")) return;
  field.value = words;
  palette.showModal();
  field.focus();
  field.dispatchEvent(new CustomEvent("words"));
};

if (palette) {
  document.addEventListener("keydown", (event) => {
    const isCommand = (event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey;
    if (isCommand && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) palette.close();
      else open();
    } else if (event.key === "/" && !isCommand && !event.altKey && !isTyping(event.target)) {
      const own = document.querySelector("main [data-search-here]");
      event.preventDefault();
      if (own) own.focus();
      else open();
    }
  });

  for (const bar of document.querySelectorAll("[data-search]")) {
    bar.addEventListener("focus", () => { bar.blur(); open(bar.value); });
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => field.dispatchEvent(new CustomEvent("words")), PAUSE_MS);
  });

  palette.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const hits = hitsOf();
    const here = hits.findIndex((hit) => hit.hasAttribute("data-chosen"));
    if (event.key === "Escape") {
      event.preventDefault(); // a search field would only be emptied by it
      palette.close();
    } else if (step && hits.length) {
      event.preventDefault();
      choose(hits[(here + step + hits.length) % hits.length]);
    } else if (event.key === "Enter" && event.target === field && here >= 0 && field.value === palette.dataset.words) {
      event.preventDefault();
      hits[here].click();
    }
  });

  // The hits that are shown belong to these words: Enter before they came opens the page with all of them.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "palette-hits") return;
    palette.dataset.words = event.detail.requestConfig.parameters.get("q") ?? "";
    problem.hidden = true;
    choose(hitsOf()[0]);
  });
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    field.addEventListener(name, () => { problem.hidden = false; });
  }

  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
}
