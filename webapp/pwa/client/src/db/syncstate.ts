/** What the sync screen and the status line show: every record and photo, and where it stands. */
import type { DeviceRow, RoomRow } from "../api/wire";
import { IDLE } from "./meta";
import type { UserDatabase } from "./schema";
import type {
  CaseWork,
  EngineStatus,
  InspectionRecord,
  Operation,
  PhotoInfo,
  RecordState,
  SelfCheck,
  Space,
  SyncEvent,
} from "./types";
import { unsentCount, type UnsentCount } from "./unsent";

export interface RecordLine {
  record: InspectionRecord;
  device: DeviceRow | null;
  room: RoomRow | undefined;
  photos: PhotoInfo[];
  /** How often its last envelope was sent, and the server's last code. */
  attempts: number;
  /** The server found the envelope too large; it stays here and in the rescue file. */
  refused: boolean;
}

/** A self-check that was signed here, with its room. */
export interface SelfCheckLine {
  check: SelfCheck;
  room: RoomRow | undefined;
  /** Whether the server says that it no longer holds. */
  voided: boolean;
}

/** What was done with a case here, with what the case is called; a title alone until it has a number. */
export interface CaseWorkLine {
  work: CaseWork;
  name: string;
  title: string;
  refused: boolean;
}

export interface SyncState {
  engine: EngineStatus;
  unsent: UnsentCount;
  /** Records by state. */
  counts: Record<RecordState, number>;
  photos: { waiting: number; sent: number; damaged: number; gone: number; refused: number };
  /** What is not accepted yet comes first, then the latest. */
  records: RecordLine[];
  /** The self-checks that were signed here, the latest of each room, the latest first. */
  selfChecks: SelfCheckLine[];
  /** What was done with cases here: what is not with the server first, then the latest. */
  caseWorks: CaseWorkLine[];
  space: Space | null;
  readyAt: string | null;
  /** When the browser was found to have cleared the phone, until the user has read it. */
  evictedAt: string | null;
  /** The phone's clock against the server's: positive when the phone is behind. */
  clockOffsetSeconds: number;
}

/** The state without the list: for the status line that stands on every screen. */
export type SyncSummary = Pick<SyncState, "engine" | "unsent" | "counts" | "evictedAt">;

export async function syncSummary(db: UserDatabase): Promise<SyncSummary> {
  // Asked anew at each step of a run: in one transaction, and not one a figure.
  const tables = [db.meta, db.outbox, db.photos, db.drafts, db.records];
  const [engine, evictedAt, unsent, records] = await db.transaction("r", tables, () =>
    Promise.all([
      db.getMeta("engine"),
      db.getMeta("evicted_at"),
      unsentCount(db),
      Promise.all(STATES.map((state) => db.records.where("state").equals(state).count())),
    ]),
  );
  const counts = Object.fromEntries(STATES.map((state, n) => [state, records[n]!]));
  return {
    engine: engine ?? IDLE,
    unsent,
    counts: counts as SyncState["counts"],
    evictedAt: evictedAt ?? null,
  };
}

const STATES: readonly RecordState[] = [
  "saved",
  "sent",
  "incomplete",
  "conflict",
  "quarantined",
  "dismissed",
  "accepted",
];

export async function syncState(db: UserDatabase): Promise<SyncState> {
  const [summary, records, photos, operations, metas] = await Promise.all([
    syncSummary(db),
    db.records.toArray(),
    db.photos.toArray(),
    db.outbox.where("state").anyOf("waiting", "refused").toArray(),
    Promise.all([
      db.getMeta("space"),
      db.getMeta("ready_at"),
      db.getMeta("clock_offset_ms"),
    ]),
  ]);
  const [space, readyAt, offset] = metas;
  const number = (state: PhotoInfo["state"]) => photos.filter((p) => p.state === state).length;
  return {
    ...summary,
    photos: {
      waiting: number("waiting"),
      sent: number("sent"),
      damaged: number("damaged"),
      gone: number("gone"),
      refused: number("refused"),
    },
    records: await recordLines(db, records, photos, operations),
    selfChecks: await selfCheckLines(db),
    caseWorks: await caseWorkLines(db, operations),
    space: space ?? null,
    readyAt: readyAt ?? null,
    clockOffsetSeconds: Math.round((offset ?? 0) / 1000),
  };
}

async function recordLines(
  db: UserDatabase,
  records: readonly InspectionRecord[],
  photos: readonly PhotoInfo[],
  operations: readonly Operation[],
): Promise<RecordLine[]> {
  const [devices, rooms] = await Promise.all([
    db.devices.bulkGet(records.map((record) => record.device_id ?? -1)),
    db.rooms.bulkGet(records.map((record) => record.room_id)),
  ]);
  const photoById = new Map(photos.map((photo) => [photo.id, photo]));
  const lines = records.map((record, place) => {
    const own = operations.filter((operation) => operation.uid === record.uid);
    return {
      record,
      device: devices[place] ?? null,
      room: rooms[place],
      photos: record.payload.photos.flatMap((photo) => photoById.get(photo.id) ?? []),
      attempts: own.at(-1)?.attempts ?? 0,
      refused: own.some((operation) => operation.state === "refused"),
    };
  });
  return lines.sort(
    (a, b) =>
      STATES.indexOf(a.record.state) - STATES.indexOf(b.record.state) ||
      b.record.saved_at.localeCompare(a.record.saved_at),
  );
}

/** What was signed again later is not told of: only the latest of a room counts. */
async function selfCheckLines(db: UserDatabase): Promise<SelfCheckLine[]> {
  const [checks, rows] = await Promise.all([db.self_checks.toArray(), db.sign_offs.toArray()]);
  const signed = new Map(rows.map((row) => [row.uid, row]));
  const latest = new Map<string, SelfCheck>();
  for (const one of checks.sort((a, b) => a.saved_at.localeCompare(b.saved_at))) {
    latest.set(`${one.round_id} ${one.room_id}`, one);
  }
  const shown = [...latest.values()].reverse();
  const rooms = await db.rooms.bulkGet(shown.map((one) => one.room_id));
  // One that the server had kept is signed as soon as a pull tells of it.
  return shown.map((one, place) => ({
    check: signed.has(one.uid) ? { ...one, state: "accepted" } : one,
    room: rooms[place],
    voided: signed.get(one.uid)?.voided ?? false,
  }));
}

async function caseWorkLines(db: UserDatabase, operations: readonly Operation[]): Promise<CaseWorkLine[]> {
  const works = await db.case_works.toArray();
  const rows = await db.cases.bulkGet(works.map((work) => work.case_uid));
  const opened = new Map(works.map((work) => [work.uid, work]));
  const refused = new Set(operations.filter((one) => one.state === "refused").map((one) => one.uid));
  const lines = works.map((work, place) => {
    const first = opened.get(work.case_uid);
    const title = rows[place]?.title ?? (first?.kind === "case_open" ? first.payload.title : "");
    return { work, name: rows[place]?.name ?? "", title, refused: refused.has(work.uid) };
  });
  return lines.sort(
    (a, b) =>
      Number(a.work.state === "accepted") - Number(b.work.state === "accepted") ||
      b.work.saved_at.localeCompare(a.work.saved_at),
  );
}

/** The sync log, the latest first. */
export function syncEvents(db: UserDatabase, limit = 100): Promise<SyncEvent[]> {
  return db.events.orderBy("n").reverse().limit(limit).toArray();
}

/** The user has read that the browser had cleared the phone's data. */
export function acknowledgeEviction(db: UserDatabase): Promise<void> {
  return db.putMeta("evicted_at", null);
}
