/** What of an engineer's own still blocks the report, as far as his phone knows: also offline. Pure. */

export type MineKind = "todo" | "revisits" | "unsent" | "photos_returned" | "answers_returned";

export interface Known {
  /** His own devices and rooms that nobody has inspected. */
  todo: number;
  /** His second visits: the day, and how many things. */
  revisits: readonly { on: string; count: number }[];
  unsent: { records: number; photos: number };
  returned: readonly { kind: "answer" | "photo" }[];
  /** `YYYY-MM-DD` at the contract's place. */
  dueOn: string;
  today: string;
}

/** Each kind with its count, in the order of the month; second visits after the due day wait for later. */
export function blocking(known: Known): { kind: MineKind; count: number }[] {
  const until = known.today > known.dueOn ? known.today : known.dueOn;
  const revisits = known.revisits.filter((visit) => visit.on <= until).reduce((sum, visit) => sum + visit.count, 0);
  const photos = known.returned.filter((row) => row.kind === "photo").length;
  const rows: { kind: MineKind; count: number }[] = [
    { kind: "todo", count: known.todo },
    { kind: "revisits", count: revisits },
    { kind: "unsent", count: known.unsent.records + known.unsent.photos },
    { kind: "photos_returned", count: photos },
    { kind: "answers_returned", count: known.returned.length - photos },
  ];
  return rows.filter((row) => row.count > 0);
}
