/** A small round in a fresh fake database, for the tests of db and sync. */
import type { Content, Item } from "../rules/checklist";
import type { PreparedPhoto } from "../photo/prepare";
import type { PullAnswer } from "../api/wire";
import { UserDatabase } from "./schema";

let made = 0;

const items: Item[] = [
  { key: "power", zh: "开关机", en: "Power", kind: "pass_fail", severity: 1 },
  {
    key: "lamp_hours",
    zh: "灯泡时数",
    en: "Lamp hours",
    kind: "number",
    unit: "h",
    normal: { min: 0, max_share_of_register: ["rated_lamp_hours", 0.85] },
    consumable: "lamp",
    severity: 2,
  },
  { key: "overview", zh: "全景", en: "Overview", kind: "photo", optional: true },
];

export const content: Content = {
  format: 1,
  types: [
    { key: "projector", zh: "投影机", en: "Projector", items },
    { key: "room", zh: "会议室", en: "Room", items: [items[0]!] },
  ],
  causes: { any: [{ key: "age", zh: "老化", en: "Age" }] },
  actions: { any: [{ key: "cleaned", zh: "清洁", en: "Cleaned" }] },
  exceptions: [{ key: "occupied", zh: "占用", en: "Occupied" }],
};

/** A code whose check letter holds. */
export const LABEL = "22222222";

/** A pull's answer with one room, a room task (3) and two projectors (tasks 1 and 2). */
export function firstPull(change: Partial<PullAnswer> = {}): PullAnswer {
  const device = (id: number, name: string) => ({
    id,
    room_id: 1,
    type: "projector",
    name,
    register: { rated_lamp_hours: 3000 },
  });
  const rows = {
    contract: [
      {
        id: 1,
        code: "ACME",
        name_zh: "合同",
        name_en: "Contract",
        client_zh: "甲方",
        client_en: "Client",
        time_zone: "Asia/Shanghai",
        due_day: 10,
      },
    ],
    buildings: [{ id: 1, name_zh: "一号楼", name_en: "Building 1", position: 0 }],
    rooms: [{ id: 1, building_id: 1, floor: "3", name_zh: "301", name_en: "301" }],
    devices: [device(1, "投影机 A"), device(2, "投影机 B")],
    checklists: [{ id: 7, number: 1, content }],
    rounds: [{ id: 5, month: "2026-11", state: "open", due_on: "2026-11-10", checklist: 1 }],
    tasks: [
      { id: 1, round_id: 5, room_id: 1, device_id: 1, assignee_id: 1 },
      { id: 2, round_id: 5, room_id: 1, device_id: 2, repeat: { power: 3 } },
      { id: 3, round_id: 5, room_id: 1 },
    ],
    open_items: [{ id: 9, number: 17, room_id: 1, severity: 3, opened_month: "2026-08", device_id: 2 }],
  };
  return {
    envelope: 1,
    epoch: "e1",
    head: 40,
    server_time: "2026-11-03T02:00:00Z",
    full: true,
    // The wire leaves out what is at its default; the types describe the rows as they are kept.
    rows: rows as unknown as PullAnswer["rows"],
    gone: {} as PullAnswer["gone"],
    ...change,
  };
}

export async function emptyDatabase(userId = 1): Promise<UserDatabase> {
  const db = new UserDatabase(userId, `T${++made}`);
  await db.open();
  return db;
}

/** A photo of its own bytes, as the camera and the worker would have made it. */
export function somePhoto(seed: number, size = 2000): PreparedPhoto {
  const buf = new Uint8Array(size).map((_, at) => (at * 7 + seed) % 256).buffer;
  const thumb = { buf: new Uint8Array([seed]).buffer, type: "image/jpeg", width: 4, height: 3 };
  return { buf, type: "image/jpeg", width: 1600, height: 1200, thumb };
}
