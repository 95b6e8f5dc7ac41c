/**
 * The service desk's cases on the phone: what the server told of them, with the phone's own work over
 * it, and that work itself. Declaring a fault or taking a step is ONE strict transaction with its
 * envelope, and works without a network; the time of capture goes along.
 */
import type { BuildingRow, CaseClockRow, CasePhoto, CaseRow, DeviceRow, PersonRow, RoomRow } from "../api/wire";
import { missingFields, type PhoneStep, plainField, stepsOf } from "../rules/cases";
import { draftFor, draftKeyOf } from "./casedrafts";
import { operationOf, sendable, UNDO_MS } from "./finish";
import { type HoursGiven, hoursProblem, hoursTyped, hoursView, type HoursView, spanOf } from "./hours";
import { isoNow } from "./ids";
import { write } from "./open";
import type { UserDatabase } from "./schema";
import type { CaseDraft, CaseWork, PhotoInfo } from "./types";

/** Under which hours are typed, beside a case's steps. */
export const HOURS_DRAFT = "hours";

/** A line of a case's timeline: the server's, or this phone's own with where it stands. */
export interface CaseLine {
  uid: string;
  step: string;
  before: string;
  after: string;
  at: string;
  /** When the server had it, where that was later; null for what it has not told yet. */
  receivedAt: string | null;
  author: PersonRow | null;
  authorName: string;
  text: string;
  given: Readonly<Record<string, unknown>>;
  internal: boolean;
  /** Ids of its photos; those of this phone can be shown. */
  photos: string[];
  own: CaseWork | null;
}

export interface CaseView {
  uid: string;
  /** What people call it by; null until the server has numbered it. */
  name: string | null;
  kind: string;
  /** Its state with this phone's own steps over the server's. */
  state: string;
  severity: number | null;
  title: string;
  text: string;
  openedAt: string;
  openItem: number | null;
  owner: PersonRow | null;
  mine: boolean;
  reporter: { zh: string; en: string };
  contact: string;
  room: RoomRow | null;
  building: BuildingRow | null;
  device: DeviceRow | null;
  clocks: CaseClockRow[];
  /** Oldest first. */
  lines: CaseLine[];
  /** What can be done now. */
  steps: PhoneStep[];
  /** It is over, and its device was put right then: the next inspection verifies it. */
  doneAt: string | null;
  /** Of a case after hours: who is planned, what was worked, what is left. */
  hours: HoursView | null;
  /** Something of it has not left the phone, or was refused. */
  unsent: boolean;
  stopped: boolean;
}

export interface CaseCounts {
  mine: number;
  all: number;
  stopped: number;
  /** The next end of a clock that runs, of his own cases; of all where he has none. */
  dueAt: string | null;
}

export interface DeclaredFault {
  title: string;
  text: string;
  severity: number;
  roomId?: number | null;
  deviceId?: number | null;
  openItem?: number | null;
  /** What an inspection has just found: its uid, with the item or the finding. */
  inspection?: string | null;
  item?: string | null;
  finding?: string | null;
}

/** All cases that wait, his own first, then by what falls due next. */
export async function caseViews(db: UserDatabase): Promise<CaseView[]> {
  const [rows, works] = await Promise.all([db.cases.toArray(), db.case_works.toArray()]);
  const over = new Set(rows.flatMap((row) => (row.done_at ? [row.uid] : [])));
  const waits = (uid: string) => !over.has(uid);
  return dress(db, rows.filter((row) => waits(row.uid)), works.filter((work) => waits(work.case_uid)));
}

/** The cases of a device that the server has told of, by what falls due next; also what is over and to be verified. */
export async function casesOfDevice(db: UserDatabase, deviceId: number): Promise<CaseView[]> {
  const rows = await db.cases.where("device_id").equals(deviceId).toArray();
  const works = await db.case_works.where("case_uid").anyOf(rows.map((row) => row.uid)).toArray();
  return dress(db, rows, works);
}

/** One case by its uid, or by the name that people call it by; null when it isn't on this phone. */
export async function caseView(db: UserDatabase, key: string): Promise<CaseView | null> {
  const row = (await db.cases.get(key)) ?? (await db.cases.filter(({ name }) => name === key).first());
  const works = await db.case_works.where("case_uid").equals(row?.uid ?? key).toArray();
  return (await dress(db, row ? [row] : [], works))[0] ?? null;
}

export async function caseCounts(db: UserDatabase): Promise<CaseCounts> {
  const views = await caseViews(db);
  const mine = views.filter((view) => view.mine);
  const due = (mine.length > 0 ? mine : views).flatMap((view) => dueOf(view) ?? []);
  return {
    mine: mine.length,
    all: views.length,
    stopped: views.filter((view) => view.stopped).length,
    dueAt: due.sort()[0] ?? null,
  };
}

/** The next end of a clock of a case that runs. */
export function dueOf(view: CaseView): string | null {
  const running = view.clocks.filter((clock) => !clock.ended_at && clock.state !== "paused");
  return running.flatMap((clock) => clock.due_at ?? []).sort()[0] ?? null;
}

async function dress(
  db: UserDatabase,
  rows: readonly CaseRow[],
  works: readonly CaseWork[],
): Promise<CaseView[]> {
  const known = new Set(rows.map((row) => row.uid));
  const own = works.flatMap((work) =>
    work.kind === "case_open" && !known.has(work.uid) && !(work.state === "accepted" && work.told) ? rowOf(db, work) : [],
  );
  const all = [...rows, ...own];
  const devices = await byId(db.devices.bulkGet(all.flatMap((row) => row.device_id ?? [])));
  const roomIds = [...all, ...devices.values()].flatMap((one) => one.room_id ?? []);
  const [rooms, buildings, people] = await Promise.all([
    byId(db.rooms.bulkGet(roomIds)),
    byId(db.buildings.toArray()),
    byId(db.people.toArray()),
  ]);
  const views = all.map((row) => {
    const mine = works.filter((work) => work.case_uid === row.uid).sort((a, b) => (a.operation_id < b.operation_id ? -1 : 1));
    const device = devices.get(row.device_id ?? 0) ?? null;
    const room = rooms.get(row.room_id ?? device?.room_id ?? 0) ?? null;
    const place = { device, room, building: buildings.get(room?.building_id ?? 0) ?? null };
    return viewOf(db, row, mine, people, place);
  });
  return views.sort(
    (a, b) =>
      Number(b.mine) - Number(a.mine) ||
      (dueOf(a) ?? "9").localeCompare(dueOf(b) ?? "9") ||
      a.openedAt.localeCompare(b.openedAt),
  );
}

async function byId<Row extends { id: number }>(found: PromiseLike<(Row | undefined)[]>): Promise<Map<number, Row>> {
  return new Map((await found).flatMap((row) => (row ? [[row.id, row] as const] : [])));
}

/** A fault that the server has not told of yet, as the phone knows it. */
function rowOf(db: UserDatabase, { uid, payload }: CaseWork & { kind: "case_open" }): CaseRow {
  const { title, text, severity, room_id, device_id, open_item, at } = payload;
  return {
    uid,
    name: "",
    kind: "fault",
    state: "declared",
    title,
    text,
    severity,
    level: 1,
    opened_at: at,
    room_id,
    device_id,
    open_item,
    owner_id: null,
    reporter: "",
    reporter_en: "",
    contact: "",
    facts: {},
    hours: null,
    done_at: null,
    clocks: [],
    timeline: [
      {
        uid,
        step: "opened",
        before: "",
        after: "declared",
        at,
        received_at: null,
        author_id: db.userId,
        author: "",
        text,
        given: {},
        internal: false,
        photos: payload.photos.map((photo) => photo.id),
      },
    ],
  };
}

type Place = Pick<CaseView, "device" | "room" | "building">;

function viewOf(
  db: UserDatabase,
  row: CaseRow,
  works: readonly CaseWork[],
  people: ReadonlyMap<number, PersonRow>,
  place: Place,
): CaseView {
  const own = new Map(works.map((work) => [work.uid, work]));
  const told = new Set(row.timeline.map((line) => line.uid));
  const lines = row.timeline.map((line): CaseLine => {
    const { uid, step, before, after, at, text, given, internal, photos } = line;
    const author = people.get(line.author_id ?? 0) ?? null;
    const rest = { author, authorName: line.author, own: own.get(uid) ?? null };
    return { uid, step, before, after, at, text, given, internal, photos, receivedAt: line.received_at, ...rest };
  });
  let { state, owner_id: ownerId } = row;
  const ended = new Map<string, string>();
  for (const work of works) {
    if (work.kind !== "case_step" || told.has(work.uid) || (work.state === "accepted" && work.told)) continue;
    const line = ownLine(work, row, state, people.get(db.userId) ?? null);
    lines.push(line);
    const step = line.after === "" ? undefined : stepsOf(row.kind, state, row.facts).find((one) => one.key === line.step);
    if (!step) continue;
    state = line.after;
    if (step.owns) ownerId ??= db.userId;
    for (const clock of step.meets) if (!ended.has(clock)) ended.set(clock, line.at);
  }
  return {
    uid: row.uid,
    name: row.name || null,
    kind: row.kind,
    state,
    severity: row.severity,
    title: row.title,
    text: row.text,
    openedAt: row.opened_at,
    openItem: row.open_item,
    owner: people.get(ownerId ?? 0) ?? null,
    mine: ownerId === db.userId,
    reporter: { zh: row.reporter, en: row.reporter_en },
    contact: row.contact,
    ...place,
    clocks: row.clocks.map((clock) => ({ ...clock, ended_at: clock.ended_at ?? ended.get(clock.name) ?? null })),
    lines,
    steps: stepsOf(row.kind, state, row.facts),
    doneAt: row.done_at ?? null,
    hours: hoursView(row, works, people, db.userId),
    unsent: works.some((work) => work.state === "saved"),
    stopped: works.some((work) => isStopped(work)),
  };
}

export function isStopped(work: Pick<CaseWork, "state">): boolean {
  return work.state === "quarantined" || work.state === "conflict";
}

/** One that was refused, or doesn't fit what the server has told since, changes no state: `after` is "". */
function ownLine(
  work: CaseWork & { kind: "case_step" },
  row: Pick<CaseRow, "kind" | "facts">,
  state: string,
  author: PersonRow | null,
): CaseLine {
  const { step: key, fields, at } = work.payload;
  const step = isStopped(work) ? undefined : stepsOf(row.kind, state, row.facts).find((one) => one.key === key);
  const { text, ...given } = fields;
  return {
    uid: work.uid,
    step: key,
    before: state,
    after: step ? (step.to ?? state) : "",
    at,
    receivedAt: null,
    author,
    authorName: "",
    text: String(text ?? ""),
    given,
    internal: false,
    photos: work.payload.photos.map((photo) => photo.id),
    own: work,
  };
}

/**
 * Declares a fault; resolves with its uid once it and its envelope are on the disk.
 *
 * @throws NotSavedError; an Error where it has no title
 */
export async function declareFault(db: UserDatabase, fault: DeclaredFault, draftKey: string): Promise<string> {
  const title = fault.title.replace(/\s+/g, " ").trim().slice(0, 200);
  if (!title) throw new Error("a fault needs words");
  const { uid, photo_ids } = await draftFor(db, draftKey);
  const payload = {
    uid,
    title,
    text: fault.text.trim(),
    severity: fault.severity,
    room_id: fault.roomId ?? null,
    device_id: fault.deviceId ?? null,
    open_item: fault.openItem ?? null,
    inspection: fault.inspection ?? null,
    item: fault.item ?? null,
    finding: fault.finding ?? null,
    photos: await manifest(db, photo_ids),
    at: isoNow(),
  };
  await keep(db, { kind: "case_open", uid, case_uid: uid, draft_key: draftKey, payload, ...FRESH, saved_at: payload.at }, draftKey);
  return uid;
}

/**
 * Takes a step of a case; resolves with its uid once it and its envelope are on the disk.
 *
 * @throws NotSavedError; an Error where it can't be taken now, or lacks what it asks for
 */
export async function takeCaseStep(
  db: UserDatabase,
  caseUid: string,
  key: string,
  given: Readonly<Record<string, string>>,
): Promise<string> {
  const view = await caseView(db, caseUid);
  const step = view?.steps.find((one) => one.key === key);
  if (!step || missingFields(step, given).length > 0) throw new Error(`step ${key} can't be taken`);
  const draftKey = draftKeyOf(caseUid, key);
  const { uid, photo_ids } = await draftFor(db, draftKey);
  const filled = step.fields.flatMap((field) => {
    const value = plainField(field, given[field.key] ?? "");
    if (value === null) throw new Error(`${field.key} is no ${field.kind}`);
    return value ? [[field.key, value] as const] : [];
  });
  const photos = await manifest(db, photo_ids);
  const payload = { uid, case: caseUid, step: key, fields: Object.fromEntries(filled), photos, at: isoNow() };
  await keep(db, { kind: "case_step", uid, case_uid: caseUid, draft_key: draftKey, payload, ...FRESH, saved_at: payload.at }, draftKey);
  return uid;
}

/**
 * Logs what was worked on a case after hours; resolves with its uid once it and its envelope are on the disk.
 *
 * @throws NotSavedError; an Error where this phone can tell that it can't be logged
 */
export async function logHours(db: UserDatabase, caseUid: string, given: HoursGiven): Promise<string> {
  const view = await caseView(db, caseUid);
  const span = spanOf(given);
  if (!view?.hours || !span || hoursProblem(view.hours, given, Date.now())) throw new Error("these hours can't be logged");
  const draftKey = draftKeyOf(caseUid, HOURS_DRAFT);
  const { uid } = await draftFor(db, draftKey);
  const payload = {
    uid,
    case: caseUid,
    began_at: span.began.toISOString(),
    ended_at: span.ended.toISOString(),
    break_minutes: Number(given.break || 0),
    note: given.note.trim(),
    at: isoNow(),
  };
  await keep(db, { kind: "hours_log", uid, case_uid: caseUid, draft_key: draftKey, payload, ...FRESH, saved_at: payload.at }, draftKey);
  return uid;
}

async function manifest(db: UserDatabase, ids: readonly string[]): Promise<CasePhoto[]> {
  const photos = (await db.photos.bulkGet([...ids])).filter((photo): photo is PhotoInfo => photo !== undefined);
  return photos.map(({ id, sha256, bytes, width, height, taken_at }) => ({ id, sha256, bytes, width, height, taken_at }));
}

const FRESH = { state: "saved", code: "", operation_id: "", acknowledged_at: null, told: false } as const;

async function keep(db: UserDatabase, work: CaseWork, draftKey: string): Promise<void> {
  const payload = JSON.stringify(work.payload, (_, value: unknown) => sendable(value));
  const operation = await operationOf(work.kind, work.uid, payload, null, UNDO_MS);
  await write(db, () =>
    db.transaction("rw", [db.case_works, db.case_drafts, db.photos, db.outbox], async () => {
      // After a lost connection the first try may have been kept all the same.
      if (await db.case_works.get(work.uid)) return;
      await db.case_works.put({ ...work, operation_id: operation.id });
      await db.outbox.put(operation);
      await db.case_drafts.delete(draftKey);
      for (const id of photosOf(work)) await db.photos.update(id, { state: "waiting", uid: work.uid });
    }),
  );
}

/**
 * Takes back what was just done with a case, as long as it has not left the phone; what was typed is
 * there again.
 *
 * @returns whether it could
 * @throws NotSavedError
 */
export function undoCaseWork(db: UserDatabase, uid: string): Promise<boolean> {
  return write(db, () =>
    db.transaction("rw", [db.case_works, db.case_drafts, db.photos, db.outbox], async () => {
      const work = await db.case_works.get(uid);
      const operation = work && (await db.outbox.get(work.operation_id));
      if (!operation || operation.state !== "waiting" || operation.attempted_at !== null) return false;
      // What was done after it stands on it.
      const later = await db.case_works.where("case_uid").equals(work.case_uid).toArray();
      if (later.some((one) => one.operation_id > work.operation_id)) return false;
      // Nor is what is being typed since, for the next fault, to be overwritten.
      const typed = await db.case_drafts.get(work.draft_key);
      if (typed && (typed.photo_ids.length > 0 || Object.values(typed.values).some(Boolean))) return false;
      await db.outbox.delete(operation.id);
      await db.case_works.delete(uid);
      await db.case_drafts.put(draftOf(work));
      for (const id of photosOf(work)) await db.photos.update(id, { state: "draft" });
      return true;
    }),
  );
}

function photosOf(work: CaseWork): string[] {
  return work.kind === "hours_log" ? [] : work.payload.photos.map((photo) => photo.id);
}

/** What was done as it was typed; a fault's place is chosen anew. The uid stays: its photos hang on it. */
function draftOf(work: CaseWork): CaseDraft {
  const photo_ids = photosOf(work);
  const rest = { uid: work.uid, photo_ids, saved_at: isoNow() };
  if (work.kind === "case_open") {
    const { title, text, severity } = work.payload;
    return { key: work.draft_key, values: { title, text: text ?? "", severity: String(severity) }, ...rest };
  }
  if (work.kind === "hours_log") return { key: work.draft_key, values: hoursTyped(work.payload), ...rest };
  const values = Object.fromEntries(Object.entries(work.payload.fields).map(([key, value]) => [key, String(value)]));
  return { key: work.draft_key, values, ...rest };
}

/** A device and its room, as the phone knows them. */
export async function placeOfDevice(db: UserDatabase, id: number): Promise<Pick<CaseView, "device" | "room">> {
  const device = (await db.devices.get(id)) ?? null;
  return { device, room: (device && (await db.rooms.get(device.room_id))) ?? null };
}
