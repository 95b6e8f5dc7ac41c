/** What the sender asks of the outbox, and how it notes the server's answers. */
import type { InspectionPayload, OperationAnswer } from "../api/wire";
import { write } from "./open";
import type { UserDatabase } from "./schema";
import type { InspectionRecord, Operation, PhotoInfo, RecordState } from "./types";

/** A hold that lies further ahead than any was set comes from a clock that was put back. */
const LONGEST_HOLD_MS = 60_000;
const OF_CASES: ReadonlySet<string> = new Set(["case_open", "case_step", "hours_log"]);

/**
 * The next operations to send, oldest first, as many as fit.
 *
 * @param tried those that were sent in this run already: each is tried once a run
 * @param now null to take those that may still be undone, too
 */
export async function nextOperations(
  db: UserDatabase,
  tried: ReadonlySet<string>,
  now: number | null,
  maxCount: number,
  maxChars: number,
): Promise<Operation[]> {
  const batch: Operation[] = [];
  let chars = 0;
  await db.outbox
    .orderBy("id")
    .filter((one) => one.state === "waiting" && !tried.has(one.id) && !held(one, now))
    .until((one) => {
      chars += one.payload.length;
      return batch.length >= maxCount || (batch.length > 0 && chars > maxChars);
    })
    .each((one) => {
      batch.push(one);
    });
  return batch;
}

/** What the server could not deal with in an earlier run, tried by itself: `noteProblem` has said so. */
export async function failingOperations(db: UserDatabase): Promise<string[]> {
  const waiting = await db.outbox.where("state").equals("waiting").toArray();
  return waiting.filter((one) => one.code !== "" && one.attempts > 0).map((one) => one.id);
}

function held(operation: Operation, now: number | null): boolean {
  if (now === null) return false;
  const left = operation.hold_until - now;
  return left > 0 && left <= LONGEST_HOLD_MS;
}

/** How many operations may go now, and when the next held one may (ms since 1970). */
export async function queueState(
  db: UserDatabase,
  now: number,
): Promise<{ free: number; untried: number; release: number | null }> {
  const waiting = await db.outbox.where("state").equals("waiting").toArray();
  const times = waiting.filter((one) => held(one, now)).map((one) => one.hold_until);
  const release = times.length > 0 ? Math.min(...times) : null;
  const untried = waiting.filter((one) => !held(one, now) && one.attempts === 0).length;
  return { free: waiting.length - times.length, untried, release };
}

/**
 * Notes that operations are about to leave the phone; from then on they can't be undone.
 *
 * @returns those that are still there to be sent: one may have been undone just now
 */
export function leave(db: UserDatabase, batch: readonly Operation[]): Promise<Operation[]> {
  return write(db, () =>
    db.transaction("rw", db.outbox, async () => {
      const now = await db.outbox.bulkGet(batch.map((one) => one.id));
      const still = now.flatMap((one) => (one?.state === "waiting" ? [one] : []));
      const at = Date.now();
      await db.outbox.bulkPut(
        still.map((one) => ({ ...one, attempted_at: at, attempts: one.attempts + 1 })),
      );
      return still;
    }),
  );
}

/**
 * Notes what the server said of operations; the caller has checked that each answer names the
 * operation's id and hash. `retry` leaves one waiting; all else is an acknowledgement.
 */
export function noteAnswers(
  db: UserDatabase,
  answers: readonly OperationAnswer[],
  serverTime: string,
): Promise<void> {
  return write(db, () =>
    db.transaction("rw", [db.outbox, db.records, db.photos, db.self_checks, db.case_works], async () => {
      const uids = new Set<string>();
      for (const answer of answers) {
        const operation = await db.outbox.get(answer.id);
        if (!operation || operation.hash !== answer.hash) continue;
        const { result, code } = finalWord(answer);
        const done = result !== "retry";
        await db.outbox.put({
          ...operation,
          result,
          code,
          state: done ? "done" : "waiting",
          undo: done ? null : operation.undo,
          ...(done && { acknowledged_at: serverTime }),
        });
        if (done && operation.kind === "self_check") {
          await settleSelfCheck(db, operation.uid, result, code, serverTime);
          continue;
        }
        if (done && OF_CASES.has(operation.kind)) {
          await settleCaseWork(db, operation.uid, result, code, serverTime);
          continue;
        }
        if (done && operation.kind !== "scan") uids.add(operation.uid);
        if (done) await noteDetail(db, operation, code, answer.detail ?? {}, serverTime);
      }
      for (const uid of uids) {
        await wantAgain(db, uid);
        await settleRecord(db, uid);
      }
    }),
  );
}

/** Where an amendment was quarantined, the server still expects what it left out of the one before. */
async function wantAgain(db: UserDatabase, uid: string): Promise<void> {
  const record = await db.records.get(uid);
  const operations = await db.outbox.bulkGet(record?.operation_ids ?? []);
  if (operations.at(-1)?.result !== "quarantined") return;
  const taken = operations.filter((one) => one?.state === "done" && one.result !== "quarantined").at(-1);
  const listed = taken ? (JSON.parse(taken.payload) as InspectionPayload).photos : [];
  const ids = listed.map((photo) => photo.id);
  await db.photos
    .where("id")
    .anyOf(ids)
    .filter((photo) => photo.state === "withdrawn")
    .modify({ state: "waiting" });
}

/**
 * What was quarantined when it was sent, for asking what has become of it since: a supervisor applies
 * it, mends it or sets it aside.
 */
export function quarantinedOperations(db: UserDatabase): Promise<Operation[]> {
  return db.outbox
    .where("state")
    .equals("done")
    .filter((one) => one.result === "quarantined")
    .toArray();
}

/** As `noteAnswers`, of those alone that say something new. @returns how many did */
export async function noteNews(
  db: UserDatabase,
  answers: readonly OperationAnswer[],
  serverTime: string,
): Promise<number> {
  const known = await db.outbox.bulkGet(answers.map((one) => one.id));
  const news = answers.filter((answer, place) => {
    const { result, code } = finalWord(answer);
    return result !== "retry" && (known[place]?.result !== result || known[place]?.code !== code);
  });
  if (news.length > 0) await noteAnswers(db, news, serverTime);
  return news.length;
}

/** A duplicate carries what was answered the first time; fields at their default are left out. */
function finalWord(answer: OperationAnswer): { result: string; code: string } {
  const code = answer.code ?? "";
  if (answer.result !== "duplicate") return { result: answer.result, code };
  const first = answer.detail?.["result"];
  return { result: typeof first === "string" ? first : "applied", code };
}

/** The reason is that of the record's last operation: one before it has been put right since. */
async function noteDetail(
  db: UserDatabase,
  { id, uid }: Operation,
  code: string,
  detail: Record<string, unknown>,
  serverTime: string,
): Promise<void> {
  const record = await db.records.get(uid);
  if (!record) return;
  const said = record.operation_ids.at(-1) === id ? { code, detail } : {};
  await db.records.update(uid, { ...said, acknowledged_at: serverTime });
}

/** What has become of a self-check; one that waits for its records is kept by the server, not signed. */
async function settleSelfCheck(
  db: UserDatabase,
  uid: string,
  result: string,
  code: string,
  serverTime: string,
): Promise<void> {
  const held = result === "quarantined" && code === "self_check_held";
  const stopped = result === "quarantined" || result === "conflict";
  const state = held ? "sent" : stopped ? (result as "quarantined" | "conflict") : "accepted";
  await db.self_checks.update(uid, { state, code, acknowledged_at: serverTime });
}

/** What has become of what was done with a case. */
async function settleCaseWork(
  db: UserDatabase,
  uid: string,
  result: string,
  code: string,
  serverTime: string,
): Promise<void> {
  const stopped = result === "quarantined" || result === "conflict";
  const state = stopped ? (result as "quarantined" | "conflict") : "accepted";
  await db.case_works.update(uid, { state, code, acknowledged_at: serverTime });
}

/** The server will not take an operation of this size: it stays here, and in the rescue file. */
export function noteRefused(db: UserDatabase, id: string, code: string): Promise<void> {
  return write(db, async () => {
    await db.outbox.update(id, { state: "refused", code });
  });
}

/** The server could not deal with an operation just now: it stays in the queue, with the reason. */
export function noteProblem(db: UserDatabase, id: string, code: string): Promise<void> {
  return write(db, async () => {
    await db.outbox.update(id, { code });
  });
}

/** Puts acknowledged operations back into the queue: the server has lost them. */
export function requeueOperations(db: UserDatabase, ids: readonly string[]): Promise<number> {
  return write(db, () =>
    db.transaction("rw", [db.outbox, db.records, db.photos, db.self_checks, db.case_works], async () => {
      const found = await db.outbox.bulkGet([...ids]);
      const back = found.flatMap((one) => (one?.state === "done" ? [one] : []));
      for (const one of back) {
        await db.outbox.put({ ...one, state: "waiting", result: "", code: "", hold_until: 0 });
        if (one.kind === "scan") continue;
        if (one.kind === "self_check") {
          await db.self_checks.update(one.uid, { state: "saved", code: "", acknowledged_at: null });
          continue;
        }
        if (OF_CASES.has(one.kind)) {
          const anew = { state: "saved", code: "", acknowledged_at: null, told: false } as const;
          await db.case_works.update(one.uid, anew);
          continue;
        }
        await db.records.update(one.uid, { acknowledged_at: null });
        await settleRecord(db, one.uid);
      }
      return back.length;
    }),
  );
}

/** Tries what the server refused for its size once more: its limits may have been raised. */
export function retryRefused(db: UserDatabase): Promise<void> {
  return write(db, () =>
    db.transaction("rw", db.outbox, db.photos, async () => {
      await db.outbox.where("state").equals("refused").modify({ state: "waiting" });
      await db.photos
        .where("state")
        .equals("refused")
        .modify({ state: "waiting", attempts: 0, next_try_at: 0 });
      await db.photos.where("state").equals("waiting").modify({ next_try_at: 0 });
    }),
  );
}

/** Works a record's state out anew from its operations and photos. Runs inside a transaction. */
export async function settleRecord(db: UserDatabase, uid: string): Promise<void> {
  const record = await db.records.get(uid);
  if (!record) return;
  const state = await stateOf(db, record);
  if (state !== record.state) await db.records.update(uid, { state });
}

async function stateOf(db: UserDatabase, record: InspectionRecord): Promise<RecordState> {
  const operations = await db.outbox.bulkGet(record.operation_ids);
  if (operations.some((one) => one !== undefined && one.state !== "done")) return "saved";
  const last = operations.at(-1);
  if (last?.result === "quarantined") return last.code === "dismissed" ? "dismissed" : "quarantined";
  if (last?.result === "conflict") return "conflict";
  const ids = record.payload.photos.map((photo) => photo.id);
  const photos = await db.photos.bulkGet(ids);
  if (photos.some((photo) => !photo || photo.state === "damaged" || photo.state === "gone")) {
    return "incomplete";
  }
  const there = (photo?: PhotoInfo) => photo?.state === "sent" || photo?.state === "elsewhere";
  return photos.every(there) ? "accepted" : "sent";
}
