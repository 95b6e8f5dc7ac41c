/** A column of `Table`; `key` is what the server sorts by, and what `cell` is asked for. */
export interface Column {
  key: string;
  label: string;
  sortable?: boolean;
  align?: "start" | "end";
  /** A CSS width, such as `8rem`. */
  width?: string;
  /** Long text may take several lines; figures and dates stay on one. */
  wrap?: boolean;
}

/** The next sort after a touch on a column: up, then down. */
export function nextSort(current: string | undefined, key: string): string {
  return current === key ? `-${key}` : key;
}

export function directionOf(current: string | undefined, key: string): "ascending" | "descending" | undefined {
  if (current === key) return "ascending";
  return current === `-${key}` ? "descending" : undefined;
}
