/**
 * A room's self-check, signed on this phone: signature and envelope in ONE strict transaction.
 *
 * It declares the revision of every inspection that counts in the room as this phone knows it: its
 * own work over what the server says. The server signs just that, or keeps it until it has it.
 */
import type { ChangedRow, SeenInspection, SignOffRow, TaskRow } from "../api/wire";
import { operationOf, UNDO_MS } from "./finish";
import { isoNow, uuidv7 } from "./ids";
import { write } from "./open";
import { latestByTask, type TaskState } from "./outcome";
import { returnedToMe } from "./returns";
import type { UserDatabase } from "./schema";
import type { InspectionRecord, SelfCheck, SelfCheckState } from "./types";

/**
 * `none`: not signed · `signed`: by this user, see `stage` · `by_other`: a colleague's stands ·
 * `changed`: something was changed on this phone since it was signed · `void`: the server says that
 * it no longer holds · `refused`: it is with the supervisor.
 */
export type SigningState = "none" | "signed" | "by_other" | "changed" | "void" | "refused";

export interface Signing {
  state: SigningState;
  /** How far a signature of this user is; null without one. */
  stage: SelfCheckState | null;
  /** Whether this user may sign now: all is inspected, and by him, or the room is his. */
  ready: boolean;
  /** Whether he could, but for answers that were sent back and have no answer here yet. */
  waits: boolean;
  /** Who signed the self-check and the peer check that stand, by the user's id. */
  selfBy: number | null;
  peerBy: number | null;
  /** What changed, where the server says that a signature no longer holds. */
  changed: readonly ChangedRow[];
  /** Why it is with the supervisor. */
  code: string;
  /** This phone's own, as long as it has not left it: it may be taken back. */
  uid: string | null;
}

/** What is needed to tell of many rooms at once. */
export interface SigningRows {
  signOffs: Map<number, SignOffRow[]>;
  own: Map<number, SelfCheck>;
}

/** The sign-offs and own self-checks of a round, by room. */
export async function signingRows(db: UserDatabase, roundId: number): Promise<SigningRows> {
  const [rows, checks] = await Promise.all([
    db.sign_offs.filter((row) => row.round_id === roundId).toArray(),
    db.self_checks.where("round_id").equals(roundId).toArray(),
  ]);
  const signOffs = new Map<number, SignOffRow[]>();
  for (const row of rows) signOffs.set(row.room_id, [...(signOffs.get(row.room_id) ?? []), row]);
  const own = new Map<number, SelfCheck>();
  for (const one of checks) {
    const known = own.get(one.room_id);
    if (!known || known.saved_at <= one.saved_at) own.set(one.room_id, one);
  }
  return { signOffs, own };
}

/** What is known of a room's work: its tasks, and what was done of them here and elsewhere. */
export interface RoomWork {
  tasks: readonly TaskRow[];
  /** This phone's latest records, by task. */
  latest: ReadonlyMap<number, InspectionRecord>;
  /** The revisions that the server has told of, by the inspection's uid. */
  revisions: ReadonlyMap<string, number>;
  /** Whether this user has inspected in it, here or on another phone. */
  inspected: boolean;
  /** Whether an answer was sent back and has no answer on this phone yet. */
  returned: boolean;
}

/** How a room stands, from its work and what was signed. */
export function signingOf(userId: number, roomId: number, work: RoomWork, { signOffs, own }: SigningRows): Signing {
  const rows = signOffs.get(roomId) ?? [];
  const standing = (level: string) => rows.find((row) => row.level === level && !row.voided);
  const self = standing("self_check");
  const seen = seenIn(work.tasks, work.latest, work.revisions);
  const told = stateOf(userId, own.get(roomId), rows, self, seen);
  const mine = work.inspected || work.tasks.some((task) => task.assignee_id === userId);
  const again = told.state !== "signed" && told.state !== "by_other";
  const through = seen !== null && seen.length > 0 && mine && again;
  return {
    ...told,
    ready: through && !work.returned,
    waits: through && work.returned,
    selfBy: self?.user_id ?? null,
    peerBy: standing("peer_check")?.user_id ?? null,
  };
}

type Told = Pick<Signing, "state" | "stage" | "changed" | "code" | "uid">;

function stateOf(
  userId: number,
  own: SelfCheck | undefined,
  rows: readonly SignOffRow[],
  self: SignOffRow | undefined,
  seen: readonly SeenInspection[] | null,
): Told {
  const told: Told = { state: "none", stage: null, changed: [], code: "", uid: own?.uid ?? null };
  const onServer = own && rows.find((row) => row.uid === own.uid);
  const stopped = own && !onServer && (own.state === "quarantined" || own.state === "conflict");
  if (own && !stopped && !onServer?.voided) {
    if (!sameSeen(own.payload.inspections, seen)) return { ...told, state: "changed", stage: own.state };
    return { ...told, state: "signed", stage: onServer ? "accepted" : own.state };
  }
  if (self) return self.user_id === userId ? { ...told, state: "signed", stage: "accepted" } : { ...told, state: "by_other" };
  if (stopped) return { ...told, state: "refused", stage: own.state, code: own.code };
  const voided = onServer ?? rows.filter((row) => isMineVoided(row, userId)).at(-1);
  return voided ? { ...told, state: "void", changed: voided.changed } : told;
}

/** Whether it is a self-check of this user that no longer holds. */
export function isMineVoided(row: SignOffRow, userId: number): boolean {
  return row.voided && row.level === "self_check" && row.user_id === userId;
}

function sameSeen(signed: readonly SeenInspection[], now: readonly SeenInspection[] | null): boolean {
  if (now === null || now.length !== signed.length) return false;
  const revisions = new Map(signed.map((one) => [one.uid, one.revision]));
  return now.every((one) => revisions.get(one.uid) === one.revision);
}

/**
 * Every inspection that counts in a room in the revision that this phone knows; null while
 * something is still to do. What this phone has finished counts where the server counts nothing
 * else, or only that it could not be tested.
 */
export function seenIn(
  tasks: readonly TaskRow[],
  latest: ReadonlyMap<number, InspectionRecord>,
  revisions: ReadonlyMap<string, number>,
): SeenInspection[] | null {
  const seen: SeenInspection[] = [];
  for (const task of tasks) {
    const own = latest.get(task.id);
    const uid = task.inspection_uid;
    if (own && isSeen(task, own)) {
      seen.push({ uid: own.uid, revision: Math.max(own.revision, revisions.get(own.uid) ?? 0) });
    } else if (uid !== null) seen.push({ uid, revision: revisions.get(uid) ?? 1 });
    else return null;
  }
  return seen;
}

/** Whether what this phone has finished is what counts of a task, as far as it knows. */
function isSeen(task: TaskRow, own: InspectionRecord): boolean {
  const uid = task.inspection_uid;
  return uid === null || uid === own.uid || isSecondVisit(task, own);
}

function isSecondVisit(task: TaskRow, own: InspectionRecord): boolean {
  const unknown = own.acknowledged_at === null;
  return unknown && task.outcome === "not_tested" && own.verdict !== "not_tested";
}

/** Whether this phone has finished something of a room that its signature does not speak of. */
export function changedSince(
  check: SelfCheck,
  done: readonly { task: TaskRow; record: InspectionRecord | undefined }[],
): boolean {
  const signed = new Map(check.payload.inspections.map((one) => [one.uid, one.revision]));
  return done.some(
    ({ task, record }) => record && isSeen(task, record) && (signed.get(record.uid) ?? 0) < record.revision,
  );
}

/**
 * `ready`: inspected, and this user's to sign · `signed`: the self-check is signed · `checked`: a
 * colleague has signed it too · `void`: what this user signed no longer holds, or was changed here.
 */
export type RoomMark = "ready" | "signed" | "checked" | "void";

export interface RoomSigned {
  /** How far its signatures are; null while there is nothing to say of them. */
  mark: RoomMark | null;
  /** Whether it waits for a colleague's second look, and this user could be the one. */
  toCheck: boolean;
}

/** How far a room's signatures are, for a list: its own screen looks closer. */
export function markOf(
  userId: number,
  roomId: number,
  { signOffs, own }: SigningRows,
  work: { states: readonly TaskState[]; mine: boolean; through: boolean },
): RoomSigned {
  const rows = signOffs.get(roomId) ?? [];
  const standing = (level: string) => rows.find((row) => row.level === level && !row.voided);
  const self = standing("self_check");
  const here = own.get(roomId);
  const gone = rows.some((row) => (here ? row.voided && row.uid === here.uid : isMineVoided(row, userId)));
  const kept = here !== undefined && !gone && here.state !== "quarantined" && here.state !== "conflict";
  if (kept && changedSince(here, work.states)) return { mark: "void", toCheck: false };
  if (standing("peer_check")) return { mark: "checked", toCheck: false };
  const worked = work.states.some(({ record }) => record !== undefined);
  if (self) return { mark: "signed", toCheck: self.user_id !== userId && !worked };
  if (kept) return { mark: "signed", toCheck: false };
  if (gone) return { mark: "void", toCheck: false };
  return { mark: work.through && (work.mine || worked) ? "ready" : null, toCheck: false };
}

/** The revisions that the server has told of the inspections of these tasks, by their uid. */
export async function toldRevisions(
  db: UserDatabase,
  taskIds: readonly number[],
): Promise<{ revisions: Map<string, number>; authors: Set<number> }> {
  const rows = await db.inspections.where("task_id").anyOf([...taskIds]).toArray();
  return {
    revisions: new Map(rows.map((row) => [row.uid, row.revision])),
    authors: new Set(rows.map((row) => row.author_id)),
  };
}

/** How one room of a round stands. */
export async function roomSigning(
  db: UserDatabase,
  roundId: number,
  roomId: number,
  tasks: readonly TaskRow[],
): Promise<Signing> {
  const ids = tasks.map((task) => task.id);
  const [records, told, rows, returned] = await Promise.all([
    db.records.where("task_id").anyOf(ids).toArray(),
    toldRevisions(db, ids),
    signingRows(db, roundId),
    returnedToMe(db),
  ]);
  const work = {
    tasks,
    latest: latestByTask(records),
    revisions: told.revisions,
    inspected: records.length > 0 || told.authors.has(db.userId),
    returned: returned.some((one) => one.kind === "answer" && ids.includes(one.taskId)),
  };
  return signingOf(db.userId, roomId, work, rows);
}

/**
 * Signs a room's self-check; resolves once signature and envelope are on the disk.
 *
 * @throws NotSavedError; an Error where the room has something to do still
 */
export async function signSelfCheck(
  db: UserDatabase,
  roundId: number,
  roomId: number,
  signature: { strokes: number[][][]; name: string },
): Promise<string> {
  const check = await prepare(db, roundId, roomId, signature);
  const operation = await operationOf("self_check", check.uid, JSON.stringify(check.payload), null, UNDO_MS);
  check.operation_id = operation.id;
  await write(db, () =>
    db.transaction("rw", db.self_checks, db.outbox, async () => {
      // After a lost connection the first try may have been kept all the same.
      if (await db.outbox.get(operation.id)) return;
      await db.self_checks.put(check);
      await db.outbox.put(operation);
    }),
  );
  return check.uid;
}

async function prepare(
  db: UserDatabase,
  roundId: number,
  roomId: number,
  { strokes, name }: { strokes: number[][][]; name: string },
): Promise<SelfCheck> {
  const tasks = await db.tasks
    .where("room_id")
    .equals(roomId)
    .filter((task) => task.round_id === roundId)
    .toArray();
  const ids = tasks.map((task) => task.id);
  const records = await db.records.where("task_id").anyOf(ids).toArray();
  const { revisions } = await toldRevisions(db, ids);
  const inspections = seenIn(tasks, latestByTask(records), revisions);
  if (inspections === null || inspections.length === 0) throw new Error(`room ${roomId} is not finished`);
  const at = isoNow();
  const uid = uuidv7();
  return {
    uid,
    round_id: roundId,
    room_id: roomId,
    payload: { uid, round_id: roundId, room_id: roomId, inspections, strokes, name: name.trim(), at },
    state: "saved",
    code: "",
    operation_id: "",
    saved_at: at,
    acknowledged_at: null,
  };
}

/**
 * Takes a self-check back, as long as it has not left the phone.
 *
 * @returns whether it could
 * @throws NotSavedError
 */
export function undoSelfCheck(db: UserDatabase, uid: string): Promise<boolean> {
  return write(db, () =>
    db.transaction("rw", db.self_checks, db.outbox, async () => {
      const check = await db.self_checks.get(uid);
      const operation = check && (await db.outbox.get(check.operation_id));
      if (!operation || operation.state !== "waiting" || operation.attempted_at !== null) return false;
      await db.outbox.delete(operation.id);
      await db.self_checks.delete(uid);
      return true;
    }),
  );
}
