// Live regions: fires "refresh" on each [data-refresh-seconds] while the page is seen, six times slower once nobody
// has touched it for two minutes, and never while a person is inside the region with the keyboard.

const IDLE_AFTER_MS = 120_000;
const SLOWER_WHEN_IDLE = 6;
let touchedAt = Date.now();

for (const name of ["pointermove", "keydown", "scroll", "focus"]) {
  window.addEventListener(name, () => { touchedAt = Date.now(); }, { passive: true, capture: true });
}

const refreshedAt = new Map();

const refresh = () => {
  if (document.hidden || document.querySelector("dialog[open]")) return;
  const slower = Date.now() - touchedAt > IDLE_AFTER_MS ? SLOWER_WHEN_IDLE : 1;
  for (const region of document.querySelectorAll("[data-refresh-seconds]")) {
    const last = refreshedAt.get(region.id) ?? touchedAt;
    if (Date.now() - last < Number(region.dataset.refreshSeconds) * 1000 * slower) continue;
    if (region.querySelector(":focus-visible, details[open]")) continue;
    refreshedAt.set(region.id, Date.now());
    region.dispatchEvent(new CustomEvent("refresh"));
  }
};

for (const region of document.querySelectorAll("[data-refresh-seconds]")) refreshedAt.set(region.id, Date.now());
setInterval(refresh, 1000);
document.addEventListener("visibilitychange", refresh);
