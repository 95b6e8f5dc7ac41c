/**
 * Takes the server's rows into the phone's copy, in one transaction with the cursor.
 *
 * These tables hold nothing of the phone's own: drafts and records lie beside them. Rows that
 * unsent work still needs (its task, device, room, round, checklist) outlive their deletion.
 */
import type { Table } from "dexie";
import type { PullAnswer, TaskRow } from "../api/wire";
import { isoNow } from "./ids";
import { write } from "./open";
import { PULLED, type PulledTable, type UserDatabase } from "./schema";
import type { MetaValues } from "./types";

type Row = Record<string, unknown>;
type Id = number | string;
type Ids = Partial<Record<PulledTable, Id[]>>;

/** Rows handed to the browser at once; more of them hold up a slow phone's frames. */
const SLICE = 20;

const RETURNED: Row = { returned_by_id: null, returned_at: "", revision: 0, payload: "" };
/** What the wire leaves out because it is at its default. */
const DEFAULTS: Partial<Record<PulledTable, () => Row>> = {
  devices: () => ({
    maker: "",
    model: "",
    serial: "",
    asset_number: "",
    ip: "",
    firmware: "",
    in_service_on: null,
    warranty_until: null,
    quantity: 1,
    register: {},
    remark: "",
    retired: false,
  }),
  labels: () => ({ device_id: null, revoked: false }),
  tasks: () => ({
    device_id: null,
    outcome: "todo",
    assignee_id: null,
    inspection_uid: null,
    pair_open: false,
    not_due: [],
    previous: null,
    repeat: {},
  }),
  inspections: () => ({ photos_expected: 0, photos_received: 0, revisit_on: null }),
  open_items: () => ({
    device_id: null,
    item: null,
    text: "",
    cause: "",
    action: "",
    owner_id: null,
    due_on: null,
    opened_uid: "",
  }),
  returned_photos: () => ({ item: null, remark: "", marks: [], ...RETURNED }),
  returned_answers: () => ({ item: null, remark: "", ...RETURNED }),
  sign_offs: () => ({ voided: false, changed: [] }),
  cases: () => ({
    severity: null,
    level: 1,
    text: "",
    room_id: null,
    device_id: null,
    open_item: null,
    owner_id: null,
    reporter: "",
    contact: "",
    clocks: [],
    timeline: [],
    hours: null,
    done_at: null,
  }),
};
const CHANGED_DEFAULTS: Row = { task_id: null, device_id: null, items: [], by: null };
const CLOCK_DEFAULTS: Row = { due_at: null, due_on: null, provisional: false, ended_at: null };
const LINE_DEFAULTS: Row = {
  before: "",
  received_at: null,
  author_id: null,
  author: "",
  text: "",
  given: {},
  internal: false,
  photos: [],
};
const PREVIOUS_DEFAULTS: Row = { readings: {}, photos: {}, exception: null };

/** Stores a pull's answer. The cursor moves with its rows or not at all. */
export function applyPull(db: UserDatabase, answer: PullAnswer): Promise<void> {
  return write(db, () =>
    db.transaction("rw", db.tables, async () => {
      const kept = answer.full ? await replaceAll(db) : ((await db.getMeta("kept_gone")) ?? {});
      const came = await putRows(db, answer.rows as unknown as Record<string, Row[]>);
      // What the server had taken before it was asked is in its rows.
      await db.case_works.where("state").equals("accepted").modify({ told: true });
      await moveRecords(db, answer.rows.tasks ?? []);
      const waiting = merge(kept as Ids, answer.gone as unknown as Ids, came);
      await db.putMeta("kept_gone", (await dropRows(db, waiting)) as MetaValues["kept_gone"]);
      await db.putMeta("cursor", answer.head);
      await db.putMeta("epoch", answer.epoch);
      await db.putMeta("ready_at", isoNow());
      if (answer.full || hasAny(came) || hasAny(answer.gone as unknown as Ids)) {
        await db.putMeta("rows_stamp", crypto.randomUUID());
      }
    }),
  );
}

/** Before a full answer everything goes that is not needed; the rest is listed as gone. */
async function replaceAll(db: UserDatabase): Promise<Ids> {
  const all: Ids = {};
  for (const name of PULLED) {
    all[name] = (await table(db, name).toCollection().primaryKeys()) as Id[];
  }
  return all;
}

async function putRows(db: UserDatabase, rows: Record<string, Row[]>): Promise<Ids> {
  const came: Ids = {};
  for (const name of PULLED) {
    const given = (rows[name] ?? []).map((row) => complete(name, row));
    if (given.length === 0) continue;
    for (let at = 0; at < given.length; at += SLICE) {
      await table(db, name).bulkPut(given.slice(at, at + SLICE));
    }
    came[name] = given.map((row) => (row["id"] ?? row["uid"]) as Id);
  }
  return came;
}

/** A device that was replaced before it was inspected: the server has the record at the new one's task. */
async function moveRecords(db: UserDatabase, tasks: readonly TaskRow[]): Promise<void> {
  const counted = tasks.filter((row) => row.inspection_uid);
  const records = await db.records.bulkGet(counted.map((row) => row.inspection_uid!));
  for (const [place, { id }] of counted.entries()) {
    const record = records[place];
    if (!record || record.task_id === id) continue;
    await db.records.update(record.uid, { task_id: id });
    await db.photos.where("uid").equals(record.uid).modify({ task_id: id });
    const draft = await db.drafts.get(record.task_id);
    if (draft?.uid !== record.uid || (await db.drafts.get(id))) continue;
    await db.drafts.delete(record.task_id);
    await db.drafts.put({ ...draft, task_id: id });
  }
}

function complete(name: PulledTable, row: Row): Row {
  const whole = { ...DEFAULTS[name]?.(), ...row };
  const previous = whole["previous"];
  if (name === "tasks" && previous) {
    whole["previous"] = { ...PREVIOUS_DEFAULTS, ...(previous as Row) };
  }
  if (name === "sign_offs") {
    whole["changed"] = (whole["changed"] as Row[]).map((one) => ({ ...CHANGED_DEFAULTS, ...one }));
  }
  if (name === "cases") {
    whole["clocks"] = (whole["clocks"] as Row[]).map((one) => ({ ...CLOCK_DEFAULTS, ...one }));
    whole["timeline"] = (whole["timeline"] as Row[]).map((one) => ({ ...LINE_DEFAULTS, ...one }));
    if (whole["hours"]) whole["hours"] = completeHours(whole["hours"] as Row);
  }
  return whole;
}

function completeHours(row: Row): Row {
  const whole: Row = { projected_on: null, plan: [], lines: [], ...row };
  const plan = (whole["plan"] as Row[]).map((one) => ({ task: "", ...one }));
  const lines = (whole["lines"] as Row[]).map((one) => ({ voided: false, note: "", ...one }));
  return { ...whole, plan, lines };
}

/** What is to go: kept from before, and newly gone; less what has come again. */
function merge(kept: Ids, gone: Ids, came: Ids): Ids {
  const merged: Ids = {};
  for (const name of PULLED) {
    const back = new Set(came[name]);
    const ids = [...(kept[name] ?? []), ...(gone[name] ?? [])].filter((id) => !back.has(id));
    if (ids.length > 0) merged[name] = [...new Set(ids)];
  }
  return merged;
}

/** Deletes rows, but for those that unsent work needs: they are the answer, for the next time. */
async function dropRows(db: UserDatabase, ids: Ids): Promise<Ids> {
  if (!hasAny(ids)) return {};
  const needed = await neededRows(db);
  const kept: Ids = {};
  for (const name of PULLED) {
    const given = ids[name] ?? [];
    const stay = given.filter((id) => needed[name]?.has(id));
    if (stay.length > 0) kept[name] = stay;
    await table(db, name).bulkDelete(given.filter((id) => !needed[name]?.has(id)));
  }
  return kept;
}

/** The rows that drafts, records not yet accepted, unsent signatures and work on cases hang on. */
async function neededRows(db: UserDatabase): Promise<Partial<Record<PulledTable, Set<Id>>>> {
  const [drafts, records, signed, works] = await Promise.all([
    db.drafts.toArray(),
    db.records.toArray(),
    db.self_checks.where("state").equals("saved").toArray(),
    db.case_works.filter((work) => work.state !== "accepted").toArray(),
  ]);
  const open = records.filter((record) => record.state !== "accepted" && record.state !== "dismissed");
  const taskIds = new Set([...drafts, ...open].map((one) => one.task_id));
  const tasks = (await db.tasks.bulkGet([...taskIds])).filter((task) => task !== undefined);
  const numbers = new Set([
    ...drafts.map((draft) => draft.checklist),
    ...open.map((record) => record.payload.checklist),
  ]);
  const versions = await db.checklists.where("number").anyOf([...numbers]).primaryKeys();
  const cases = (await db.cases.bulkGet(works.map((work) => work.case_uid))).filter((row) => row !== undefined);
  const opened = works.flatMap((work) => (work.kind === "case_open" ? work.payload : []));
  const placed = [...tasks, ...cases, ...opened];
  return {
    cases: new Set(cases.map((row) => row.uid)),
    tasks: taskIds,
    devices: new Set(placed.flatMap((one) => one.device_id ?? [])),
    rooms: new Set([...placed, ...signed].flatMap((one) => one.room_id ?? [])),
    rounds: new Set([...tasks, ...signed].map((one) => one.round_id)),
    checklists: new Set(versions),
  };
}

function hasAny(ids: Ids): boolean {
  return Object.values(ids).some((list) => list.length > 0);
}

function table(db: UserDatabase, name: PulledTable): Table<Row, Id> {
  return db.table(name);
}
