// Keyboard: "/" goes to the page's own search field, else to the one of every page. And: notices can be dismissed, open menus close as menus do.

const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
    event.preventDefault();
    (document.querySelector("main [data-search-here]") ?? document.querySelector("[data-search]"))?.focus();
  }
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  event.target.closest("[data-dismiss]")?.closest(".notice")?.remove();
});

for (const button of document.querySelectorAll("[data-dismiss]")) button.hidden = false;
