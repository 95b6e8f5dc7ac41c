/** Finding a device: by typed words, or by a label's code; from the phone's own copy alone. */
import type { DeviceRow, LabelRow, RoomRow, RoundRow, ScanResult, TaskRow } from "../api/wire";
import { foldText, type Words } from "../rules/checklist";
import { parseLabel } from "../rules/label";
import { groupBy } from "./group";
import { collator } from "./home";
import { operationOf } from "./finish";
import { isoNow, uuidv7 } from "./ids";
import { write } from "./open";
import { lastRecord } from "./drafts";
import { outcomeOf, type TaskOutcome } from "./outcome";
import { currentRound } from "./rounds";
import type { UserDatabase } from "./schema";
import { breathe, readInSlices } from "./slices";
import type { Scan } from "./types";

export interface FoundDevice {
  device: DeviceRow;
  room: RoomRow | undefined;
  /** Its task in the current round; null when it is not in it. */
  taskId: number | null;
}

interface Entry extends FoundDevice {
  words: string;
}

/**
 * `device`: its label, with its task in the current round where it has one · `revoked`: a label
 * that was replaced · `unbound`: ours, but on no device · `unknown`: a code of the right shape
 * that this phone has not got, such as another contract's · `foreign`: no label of ours at all.
 */
export type Resolved =
  | {
      kind: "device";
      code: string;
      device: DeviceRow;
      room: RoomRow | undefined;
      task: TaskRow | null;
      outcome: TaskOutcome | null;
    }
  | { kind: "revoked"; code: string; device: DeviceRow | null }
  | { kind: "unbound" | "unknown"; code: string }
  | { kind: "foreign" };

const ROOMS_A_BREATH = 2;
let index: { name: string; stamp: string; entries: Promise<Entry[]> } | null = null;

/**
 * Devices whose name, type, maker, model, serial, asset number, address, label or room holds every
 * word of the text; all of them for an empty one. At most `limit`.
 *
 * @param round whose tasks are named, where who searches knows it: he asks for each letter
 */
export async function searchDevices(
  db: UserDatabase,
  text: string,
  limit = 100,
  round?: RoundRow | null,
): Promise<FoundDevice[]> {
  const entries = await indexOf(db, round === undefined ? await currentRound(db) : round);
  const words = foldText(text).split(" ").filter(Boolean);
  const found: FoundDevice[] = [];
  for (const entry of entries) {
    if (!words.every((word) => entry.words.includes(word))) continue;
    found.push({ device: entry.device, room: entry.room, taskId: entry.taskId });
    if (found.length >= limit) break;
  }
  return found;
}

/** The devices with all their words, kept in memory until a pull changes the rows, or the round changes. */
async function indexOf(db: UserDatabase, round: RoundRow | null): Promise<Entry[]> {
  const stamp = `${await db.getMeta("rows_stamp")} ${round?.id}`;
  if (index?.name === db.name && index.stamp === stamp) return index.entries;
  // Letters typed meanwhile wait for the same index.
  const made = { name: db.name, stamp, entries: buildIndex(db, round) };
  index = made;
  made.entries.catch(() => {
    if (index === made) index = null;
  });
  return made.entries;
}

/** Room by room, in the rooms' order; the browser draws in between. */
async function buildIndex(db: UserDatabase, round: RoundRow | null): Promise<Entry[]> {
  const [devices, rooms, labels, tasks, version] = await Promise.all([
    readInSlices(db.devices),
    db.rooms.toArray(),
    readInSlices(db.labels),
    round ? readInSlices(db.tasks) : [],
    round ? db.checklists.where("number").equals(round.checklist).first() : undefined,
  ]);
  const codes = new Map(labels.filter((l) => !l.revoked).map((l) => [l.device_id, l.code]));
  const current = tasks.filter((task) => task.round_id === round?.id);
  const taskByDevice = new Map(current.map((task) => [task.device_id, task.id]));
  const types = new Map(version?.content.types.map((type) => [type.key, type]));
  const byRoom = groupBy(devices, (device) => device.room_id);
  rooms.sort((a, b) => collator.compare(a.name_zh, b.name_zh));
  const entries: Entry[] = [];
  for (const [n, room] of rooms.entries()) {
    if (n % ROOMS_A_BREATH === 0) await breathe();
    // A retired one is here for what was said of it in the round, not to be found.
    const own = (byRoom.get(room.id) ?? []).filter((device) => !device.retired);
    for (const device of own.sort((a, b) => collator.compare(a.name, b.name))) {
      const words = wordsOf(device, room, types.get(device.type), codes.get(device.id));
      entries.push({ device, room, taskId: taskByDevice.get(device.id) ?? null, words });
    }
  }
  return entries;
}

function wordsOf(
  device: DeviceRow,
  room: RoomRow,
  type: Words | undefined,
  code: string | undefined,
): string {
  const words = [
    [device.name, type?.zh, type?.en, device.maker, device.model, device.serial],
    [device.asset_number, device.ip, code, room.name_zh, room.name_en],
  ];
  return foldText(words.flat().filter(Boolean).join(" "));
}

/** What a scanned or typed text stands for. It never is an address to go to. */
export async function resolveLabel(db: UserDatabase, scanned: string): Promise<Resolved> {
  const code = parseLabel(scanned);
  return code === null ? { kind: "foreign" } : lookUp(db, code);
}

async function lookUp(db: UserDatabase, code: string): Promise<Resolved> {
  const labels = await db.labels.where("code").equals(code).toArray();
  const label = labels.find((one) => !one.revoked) ?? labels[0];
  if (!label) return { kind: "unknown", code };
  const device = await deviceOf(db, label);
  if (label.revoked) return { kind: "revoked", code, device };
  if (!device) return { kind: "unbound", code };
  const [round, room] = await Promise.all([currentRound(db), db.rooms.get(device.room_id)]);
  const task = round ? await taskIn(db, device.id, round.id) : null;
  const record = task ? await lastRecord(db, task.id) : undefined;
  const outcome = task ? outcomeOf(task, record) : null;
  return { kind: "device", code, device, room, task, outcome };
}

async function deviceOf(db: UserDatabase, label: LabelRow): Promise<DeviceRow | null> {
  return label.device_id === null ? null : ((await db.devices.get(label.device_id)) ?? null);
}

async function taskIn(db: UserDatabase, deviceId: number, roundId: number): Promise<TaskRow | null> {
  const tasks = await db.tasks.where("device_id").equals(deviceId).toArray();
  return tasks.find((task) => task.round_id === roundId) ?? null;
}

/**
 * Records that a label was read here and now: proof of presence, sent with the rest.
 *
 * @throws NotSavedError
 */
export async function recordScan(
  db: UserDatabase,
  code: string,
  deviceId: number | null,
  result: ScanResult,
): Promise<Scan> {
  const scan: Scan = { uid: uuidv7(), code, device_id: deviceId, result, at: isoNow() };
  const operation = await operationOf("scan", scan.uid, JSON.stringify(scan));
  await write(db, () =>
    db.transaction("rw", db.scans, db.outbox, async () => {
      await db.scans.put(scan);
      await db.outbox.put(operation);
    }),
  );
  return scan;
}
