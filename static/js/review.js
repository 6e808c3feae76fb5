// The review's keys and its selection. Every key presses a link or a button that is on the page anyway: [data-key].
// The row that has the focus is the row that the keys act on; with rows picked, verbs act on those instead.

const isTyping = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
const rows = () => [...document.querySelectorAll("[data-rows] tbody tr")];
const linkOf = (row) => row?.querySelector("tbody th a");
const picks = () => [...document.querySelectorAll("[data-pick]")];
const bar = () => document.querySelector("[data-bulk]");

// Where the keys are: remembered by the page, so that the next row has the focus after one has left the list.
const memory = `row:${location.pathname}${location.search}`;
const currentRow = () => document.activeElement?.closest("[data-rows] tbody tr");

const go = (step) => {
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(currentRow());
  const next = here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + step));
  linkOf(all[next])?.focus();
  all[next].scrollIntoView({ block: "nearest" });
};

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-rows] tbody tr");
  if (row) sessionStorage.setItem(memory, String(rows().indexOf(row)));
});

const countPicks = () => {
  const picked = picks().filter((box) => box.checked);
  const form = bar();
  if (!form) return;
  form.classList.toggle("is-on", picked.length > 0);
  for (const place of form.querySelectorAll("[data-picked]")) place.textContent = picked.length.toLocaleString("en");
  for (const box of picks()) box.closest("tr")?.classList.toggle("is-picked", box.checked);
  const all = document.querySelector("[data-pick-all]");
  if (all) {
    all.checked = picked.length > 0 && picked.length === picks().length;
    all.indeterminate = picked.length > 0 && !all.checked;
  }
};

const toggle = (row) => {
  const box = row?.querySelector("[data-pick]");
  if (!box) return;
  box.checked = !box.checked;
  countPicks();
};

const press = (key) => {
  const isPicked = picks().some((box) => box.checked);
  const place = (isPicked && bar()) || currentRow() || document.querySelector("main");
  const target = place.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? document.querySelector(`[data-key-anywhere="${CSS.escape(key)}"]`);
  if (!target) return false;
  target.click();
  return true;
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const done = { j: () => go(1), k: () => go(-1), x: () => toggle(currentRow()) }[event.key];
  if (event.key === "Escape" && picks().some((box) => box.checked)) {
    for (const box of picks()) box.checked = false;
    countPicks();
  } else if (done) {
    done();
    event.preventDefault();
  } else if (event.key.length === 1 && event.key !== "/" && press(event.key)) {
    event.preventDefault();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) {
    for (const box of picks()) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-pick], [data-pick-all]")) countPicks();
});

// A click with shift picks everything between.
let lastPick = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-pick]");
  if (!box) return;
  const all = picks();
  if (event.shiftKey && lastPick && all.includes(lastPick)) {
    const [from, to] = [all.indexOf(lastPick), all.indexOf(box)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) between.checked = box.checked;
  }
  lastPick = box;
  countPicks();
});

document.addEventListener("htmx:afterSettle", countPicks);
window.addEventListener("pageshow", () => {
  countPicks();
  const here = sessionStorage.getItem(memory);
  const navigation = performance.getEntriesByType("navigation")[0];
  if (here !== null && document.activeElement === document.body && navigation?.type !== "navigate") {
    linkOf(rows()[Math.min(Number(here), rows().length - 1)])?.focus({ preventScroll: true });
  }
});
