// Shared by all islands: find the element, read its labels, call our own API.

/** A refusal of our own API (RFC 9457), as opposed to an error of a vendor's client. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    title: string,
  ) {
    super(title);
  }
}

/** Returns the element of the island, or null if the page has none. */
export function island(id: string): HTMLElement | null {
  return document.getElementById(id);
}

/** Returns a required data attribute; throws if the page lacks it. */
export function given(root: HTMLElement, name: string): string {
  const value = root.dataset[name];
  if (value === undefined) throw new Error(`#${root.id} lacks data-${name}`);
  return value;
}

/** Returns a label of the island, from the server's locale files. */
export function labels(root: HTMLElement): (name: string) => string {
  const words = JSON.parse(given(root, "labels")) as Record<string, string>;
  return (name) => words[name] ?? name;
}

/** Calls our API with the session's cookie and the page's CSRF token. */
export async function api<T>(path: string, body?: unknown): Promise<T> {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  const response = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json", "x-csrf-token": token }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    credentials: "same-origin",
  });
  const answer = (await response.json().catch(() => ({}))) as T & Partial<Problem & { title: string }>;
  if (!response.ok) {
    throw new Problem(response.status, answer.code ?? "", answer.title ?? response.statusText);
  }
  return answer;
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Creates an element with a class and text; text is never parsed as HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
