/**
 * A small router over the history API: a pattern such as `/rooms/:id`, no hashes, no wildcards.
 *
 * This file is pure but for `navigate` and `listen`; the table of screens is in `routes.ts`.
 */

/** The names of the parameters in a pattern, as a type: `/rooms/:id` has `id`. */
export type ParamNames<Pattern extends string> = Pattern extends `${infer Head}/${infer Tail}`
  ? ParamNames<Head> | ParamNames<Tail>
  : Pattern extends `:${infer Name}`
    ? Name
    : never;

export type Params<Pattern extends string> = Record<ParamNames<Pattern>, string | number>;

/** What every view is given. */
export interface ViewProps {
  params: Record<string, string>;
  query: URLSearchParams;
}

/** The values of the pattern's parameters when the path fits it, else `null`. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = segments(pattern);
  const given = segments(path);
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(":")) {
      const value = decode(given[index]);
      if (value === null) return null;
      params[part.slice(1)] = value;
    } else if (part !== given[index]) return null;
  }
  return params;
}

/** The address of a pattern with its parameters, and a query where one is given. */
export function buildPath<Pattern extends string>(
  pattern: Pattern,
  params: Params<Pattern>,
  query: Record<string, string | number | boolean | null | undefined> = {},
): string {
  const path = pattern.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String((params as Record<string, string | number>)[name])),
  );
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  return search.size > 0 ? `${path}?${search}` : path;
}

/** A path on this origin, or `/`: an address from outside can never send the user elsewhere. */
export function localPath(next: string | null | undefined): string {
  if (!next || !/^\/(?![/\\])/.test(next) || hasControlCharacter(next)) return "/";
  const url = new URL(next, "http://local.invalid");
  return url.host === "local.invalid" ? url.pathname + url.search : "/";
}

/** A path that somebody was told of: where he stands decides which screen shows it (see `App.svelte`). */
export function toldPath(path: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}told=1`;
}

/** Whether a click on a link should stay in the app. */
export function staysInside(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!plain || event.altKey || event.defaultPrevented) return false;
  if (link.target && link.target !== "_self") return false;
  if (link.hasAttribute("download") || link.origin !== location.origin) return false;
  return !/^\/(api|static)\//.test(link.pathname);
}

type Listener = () => void;
const listeners = new Set<Listener>();

/** Calls back after every change of the address; returns what ends it. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Goes to a path of the app. `replace` leaves no step back to the present one. */
export function navigate(path: string, options: { replace?: boolean } = {}): void {
  const change = options.replace ? "replaceState" : "pushState";
  history[change]({ depth: depth() + (options.replace ? 0 : 1) }, "", path);
  listeners.forEach((listener) => listener());
}

/** One step back inside the app, or to `fallback` where the app was opened right here. */
export function goBack(fallback = "/"): void {
  if (depth() > 0) history.back();
  else navigate(fallback, { replace: true });
}

export function startRouter(): void {
  addEventListener("popstate", () => listeners.forEach((listener) => listener()));
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || !staysInside(event, link)) return;
    if (link.pathname === location.pathname && link.hash) return;
    event.preventDefault();
    navigate(link.pathname + link.search, { replace: link.dataset.replace !== undefined });
  });
}

function depth(): number {
  const state = history.state as { depth?: number } | null;
  return state?.depth ?? 0;
}

function segments(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character < " ");
}
