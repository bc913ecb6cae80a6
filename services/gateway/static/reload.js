// A page that waits for something looks again by itself while someone looks at it: less and less
// often, and not for ever.
const STOPS_AFTER_MS = 10 * 60 * 1000;
const LATEST_MS = 20_000;
const SLOWER = 1.15;
const kept = `reload ${location.pathname}`;

/** When this page began to look and how often it did; anew after a click or a visit. */
function begun() {
  const last = JSON.parse(sessionStorage.getItem(kept) ?? "null");
  return last?.own ? { since: last.since, looks: last.looks } : { since: Date.now(), looks: 0 };
}

for (const element of document.querySelectorAll("[data-reload-after]")) {
  const { since, looks } = begun();
  sessionStorage.removeItem(kept);
  if (Date.now() - since > STOPS_AFTER_MS) {
    element.firstElementChild.hidden = true;
    element.lastElementChild.hidden = false;
    continue;
  }
  const again = () => {
    sessionStorage.setItem(kept, JSON.stringify({ own: true, since, looks: looks + 1 }));
    location.reload();
  };
  const soon = () => {
    if (document.hidden) document.addEventListener("visibilitychange", again, { once: true });
    else again();
  };
  setTimeout(soon, Math.min(Number(element.dataset.reloadAfter) * SLOWER ** looks, LATEST_MS));
}
