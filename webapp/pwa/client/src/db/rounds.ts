/**
 * Which round this phone works on: home, rooms, search, scanner and second visits all ask here.
 *
 * A late round is open beside the next one until its last task is done, and must be completed and
 * handed over (clause 21): so it comes first, for as long as something of it waits for this user.
 */
import type { RoundRow } from "../api/wire";
import { groupBy } from "./group";
import { write } from "./open";
import { taskStates, type TaskState } from "./outcome";
import type { UserDatabase } from "./schema";
import { markOf, signingRows } from "./selfchecks";

/** The rounds that can be worked on, the oldest first: those that are open; without one, the latest. */
export async function openRounds(db: UserDatabase): Promise<RoundRow[]> {
  const rounds = await db.rounds.orderBy("month").toArray();
  const open = rounds.filter((round) => round.state === "open");
  if (open.length === 0) return rounds.slice(-1);
  if (open.length === 1) return open;
  // One that the server has closed stays here while unsent work hangs on it, and takes no more.
  const closed = (await db.getMeta("kept_gone"))?.["rounds"] ?? [];
  const taking = open.filter((round) => !closed.includes(round.id));
  return taking.length > 0 ? taking : open.slice(-1);
}

/**
 * The round being worked on: the chosen one while it is open, else what `nextOf` says. Null until
 * one is opened and pulled.
 *
 * @param states of the open rounds' tasks, where they were read already
 */
export async function currentRound(
  db: UserDatabase,
  states?: ReadonlyMap<number, TaskState[]>,
): Promise<RoundRow | null> {
  const open = await openRounds(db);
  if (open.length < 2) return open[0] ?? null;
  const chosen = await db.getMeta("round");
  return open.find((round) => round.id === chosen) ?? nextOf(db, open, states);
}

/** Works on this round from now on. One that is next by itself is followed by what comes after it. */
export async function chooseRound(db: UserDatabase, roundId: number): Promise<void> {
  const open = await openRounds(db);
  const next = open.length > 1 ? await nextOf(db, open) : open[0];
  await write(db, () => (next?.id === roundId ? db.meta.delete("round") : db.putMeta("round", roundId)));
}

/** The oldest round in which something waits for this user; without one, the latest. */
async function nextOf(
  db: UserDatabase,
  open: readonly RoundRow[],
  known?: ReadonlyMap<number, TaskState[]>,
): Promise<RoundRow> {
  const states = known ?? (await taskStates(db, open.map((round) => round.id)));
  for (const round of open.slice(0, -1)) {
    if (await isWaiting(db, round.id, states.get(round.id) ?? [])) return round;
  }
  return open.at(-1)!;
}

/** Whether a task that is his or nobody's, a draft, or the signature of a room waits for this user. */
async function isWaiting(db: UserDatabase, roundId: number, states: readonly TaskState[]): Promise<boolean> {
  const isHis = ({ task }: TaskState) => task.assignee_id === db.userId;
  const isFree = ({ task }: TaskState) => task.assignee_id === null;
  if (states.some((one) => one.started || (one.outcome === "todo" && (isHis(one) || isFree(one))))) return true;
  const signing = await signingRows(db, roundId);
  return [...groupBy(states, ({ task }) => task.room_id)].some(([roomId, own]) => {
    const through = own.every(({ outcome }) => outcome !== "todo");
    const { mark } = markOf(db.userId, roomId, signing, { states: own, mine: own.some(isHis), through });
    return mark === "ready" || mark === "void";
  });
}
