/** The tables of one user's database for one contract. The schema only ever grows. */
import Dexie, { type Table, type Transaction } from "dexie";
import type {
  BuildingRow,
  CaseRow,
  ChecklistRow,
  ContractRow,
  DeviceRow,
  InspectionRow,
  LabelRow,
  OpenItemRow,
  PersonRow,
  ReturnedAnswerRow,
  ReturnedPhotoRow,
  RoomRow,
  RoundRow,
  SignOffRow,
  TaskRow,
} from "../api/wire";
import { knownTransactions } from "./aside";
import type {
  CaseDraft,
  CaseWork,
  Draft,
  InspectionRecord,
  MetaRow,
  MetaValues,
  Operation,
  PhotoInfo,
  Scan,
  SelfCheck,
  StoredBytes,
  SyncEvent,
  Thumb,
} from "./types";

const PREFIX = "roundbook";

export class UserDatabase extends Dexie {
  readonly userId: number;
  readonly contractCode: string;

  declare meta: Table<MetaRow, string>;
  declare contract: Table<ContractRow, number>;
  declare people: Table<PersonRow, number>;
  declare buildings: Table<BuildingRow, number>;
  declare rooms: Table<RoomRow, number>;
  declare devices: Table<DeviceRow, number>;
  declare labels: Table<LabelRow, number>;
  declare checklists: Table<ChecklistRow, number>;
  declare rounds: Table<RoundRow, number>;
  declare tasks: Table<TaskRow, number>;
  declare inspections: Table<InspectionRow, string>;
  declare open_items: Table<OpenItemRow, number>;
  declare returned_photos: Table<ReturnedPhotoRow, string>;
  declare returned_answers: Table<ReturnedAnswerRow, number>;
  declare sign_offs: Table<SignOffRow, string>;
  declare cases: Table<CaseRow, string>;
  declare drafts: Table<Draft, number>;
  declare records: Table<InspectionRecord, string>;
  declare photos: Table<PhotoInfo, string>;
  declare blobs: Table<StoredBytes, string>;
  declare thumbs: Table<Thumb, string>;
  declare outbox: Table<Operation, string>;
  declare scans: Table<Scan, string>;
  declare self_checks: Table<SelfCheck, string>;
  declare case_works: Table<CaseWork, string>;
  declare case_drafts: Table<CaseDraft, string>;
  declare events: Table<SyncEvent, number>;

  constructor(userId: number, contractCode: string) {
    // Dexie's cache would show a write to live queries before it is on the disk: without it, then.
    super(databaseName(userId, contractCode), {
      chromeTransactionDurability: "strict",
      cache: "disabled",
    });
    this.userId = userId;
    this.contractCode = contractCode;
    this.use(knownTransactions);
    this.version(1).stores({
      meta: "key",
      contract: "id",
      people: "id",
      buildings: "id",
      rooms: "id, building_id",
      devices: "id, room_id",
      labels: "id, code, device_id",
      checklists: "id, number",
      rounds: "id, month",
      tasks: "id, round_id, room_id, device_id",
      inspections: "uid, task_id, revisit_on",
      open_items: "id, number, room_id, device_id",
      returned_photos: "id, task_id",
      drafts: "task_id",
      records: "uid, task_id, round_id, state",
      photos: "id, task_id, uid, state",
      blobs: "id",
      thumbs: "id, source",
      outbox: "id, uid, state",
      scans: "uid",
      events: "++n",
    });
    // What the server sent of the new tables before this version came is behind the cursor: all anew.
    this.version(2)
      .stores({ returned_answers: "id, task_id" })
      .upgrade((transaction) => transaction.table("meta").delete("cursor"));
    this.version(3)
      .stores({ sign_offs: "uid, room_id", self_checks: "uid, room_id, round_id, state" })
      .upgrade((transaction) => transaction.table("meta").delete("cursor"));
    this.version(4)
      .stores({ cases: "uid, room_id, device_id", case_works: "uid, case_uid, state", case_drafts: "key" })
      .upgrade((transaction) => transaction.table("meta").delete("cursor"));
  }

  async getMeta<Key extends keyof MetaValues>(key: Key): Promise<MetaValues[Key] | undefined> {
    return (await this.meta.get(key))?.value as MetaValues[Key] | undefined;
  }

  async putMeta<Key extends keyof MetaValues>(key: Key, value: MetaValues[Key]): Promise<void> {
    await this.meta.put({ key, value });
  }
}

/** The tables that a pull fills, by their names on the wire. */
export const PULLED = [
  "contract",
  "people",
  "buildings",
  "rooms",
  "devices",
  "labels",
  "checklists",
  "rounds",
  "tasks",
  "inspections",
  "open_items",
  "returned_photos",
  "returned_answers",
  "sign_offs",
  "cases",
] as const;

export type PulledTable = (typeof PULLED)[number];

export function databaseName(userId: number, contractCode: string): string {
  return `${PREFIX}-${userId}-${contractCode}`;
}

/** The contracts for which this user has a database on this phone. */
export async function contractsOnPhone(userId: number): Promise<string[]> {
  const start = `${PREFIX}-${userId}-`;
  const names = await Dexie.getDatabaseNames();
  return names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
}

export type { Transaction };
