// The waiting room: shows the position in the queue as it moves, then the payment form.
import { given, island, pause } from "./_island";

const SOONEST_MS = 1000;
const LATEST_MS = 5000;
const SPREAD = 0.2;
const SAID_EVERY_MS = 15_000;

/** Returns a quarter of the remaining time, within bounds, and spread over many browsers. */
function nextPollMs(aboutS: number): number {
  const quarter = Math.min(LATEST_MS, Math.max(SOONEST_MS, aboutS * 250));
  return quarter * (1 + SPREAD * (2 * Math.random() - 1));
}

/** Fetches the same page again; returns null on a failure. */
async function fetchPage(source: string): Promise<Document | null> {
  try {
    const answer = await fetch(source, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

function takeOver(now: Document): void {
  for (const id of ["wait-ahead", "wait-about"]) {
    const [shown, fresh] = [document.getElementById(id), now.getElementById(id)];
    if (shown && fresh) shown.replaceChildren(...fresh.childNodes);
  }
  const bar = document.querySelector<HTMLProgressElement>("#wait-progress");
  const fresh = now.querySelector<HTMLProgressElement>("#wait-progress");
  // The bar never runs backwards: it stands still if the queue gets slower.
  if (bar && fresh) bar.value = Math.max(bar.value, fresh.value);
}

/** Announces the position to screen readers, less often than it changes. */
function announce(): void {
  const said = document.getElementById("wait-said");
  const words = ["wait-ahead", "wait-about"].map((id) => document.getElementById(id)?.textContent);
  if (said) said.textContent = words.map((text) => text?.trim().replace(/\s+/g, " ")).join(". ");
}

async function wait(root: HTMLElement): Promise<void> {
  const source = given(root, "source");
  let aboutS = Number(given(root, "aboutS"));
  let saidAt = performance.now();
  for (;;) {
    await pause(nextPollMs(aboutS));
    const now = await fetchPage(source);
    if (now === null) {
      // The server or the network is down: poll slowly.
      aboutS = LATEST_MS / 250;
      continue;
    }
    const there = now.getElementById("wait");
    if (there === null) {
      location.replace(source);
      return;
    }
    aboutS = Number(given(there, "aboutS"));
    takeOver(now);
    if (performance.now() - saidAt > SAID_EVERY_MS) {
      saidAt = performance.now();
      announce();
    }
  }
}

const root = island("wait");
if (root) void wait(root);
