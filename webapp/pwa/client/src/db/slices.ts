/**
 * Reading a long table in slices, each delivered in a task of its own, so that the browser can draw
 * frames in between: 2,000 rows at once hold a slow phone up for a tenth of a second and more.
 */
import type { Table } from "dexie";

const SLICE = 100;

/** All rows of a table whose primary key is a number, in its order. */
export async function readInSlices<Row>(table: Table<Row, number>): Promise<Row[]> {
  const keys = await table.toCollection().primaryKeys();
  const rows: Row[] = [];
  for (let at = 0; at < keys.length; at += SLICE) {
    const last = keys[Math.min(at + SLICE, keys.length) - 1]!;
    rows.push(...(await table.where(":id").between(keys[at]!, last, true, true).toArray()));
  }
  return rows;
}

/** Lets the browser draw; for the steps of long work that waits for nothing. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
