// The waiting room: the place in line is shown as it moves, and the form when it is one's turn.
import { given, island, pause } from "./_island";

const SOONEST_MS = 1000;
const LATEST_MS = 5000;
const SPREAD = 0.2;
const SAID_EVERY_MS = 15_000;

/** A quarter of what is left, within bounds; spread, so that thousands don't ask at once. */
function nextLookMs(aboutS: number): number {
  const quarter = Math.min(LATEST_MS, Math.max(SOONEST_MS, aboutS * 250));
  return quarter * (1 + SPREAD * (2 * Math.random() - 1));
}

/** The same page as it is now; nothing when it could not be had this time. */
async function look(source: string): Promise<Document | null> {
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
  // It never runs backwards: a line that got slower stands still.
  if (bar && fresh) bar.value = Math.max(bar.value, fresh.value);
}

/** Screen readers hear of it now and then, not with every step. */
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
    await pause(nextLookMs(aboutS));
    const now = await look(source);
    if (now === null) {
      // We or the network are away: nobody hurries back.
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
