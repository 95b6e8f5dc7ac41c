/** Filters, sort and page live in the address, so that a reload or a link shows the same list. */
import { navigate } from "../../../router";

type Values = Record<string, string | number | boolean | null | undefined>;

/** Changes the query of the present address; empty values leave it. Never mounts the screen anew. */
export function changeQuery(changes: Values, options: { push?: boolean } = {}): void {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "" || value === false) query.delete(key);
    else query.set(key, String(value));
  }
  const path = query.size > 0 ? `${location.pathname}?${query}` : location.pathname;
  if (path !== location.pathname + location.search) navigate(path, { replace: !options.push });
}

/** The values that a filter bar holds: those of the query that are among `names`. */
export function filterValues(query: URLSearchParams, names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, query.get(name) ?? ""]).filter(([, value]) => value !== ""),
  );
}
