/** Which items an inspection must answer: of the checklist's version, applying, and due. */
import type { DeviceRow, TaskRow } from "../api/wire";
import {
  applies,
  type Content,
  deviceRegister,
  itemsOf,
  type Register,
  ROOM_TYPE,
} from "../rules/checklist";
import type { Due } from "./payload";
import type { UserDatabase } from "./schema";

export interface TaskChecklist extends Due {
  /** The device type's key; `room` for the room's own checklist. */
  type: string;
  content: Content | null;
  /** The version's number. */
  number: number;
}

/** The checklist of a task in the version with this number. */
export async function checklistOf(
  db: UserDatabase,
  task: TaskRow,
  number: number,
): Promise<TaskChecklist> {
  const device = task.device_id === null ? null : await db.devices.get(task.device_id);
  const version = await db.checklists.where("number").equals(number).first();
  return dueOf(task, device ?? null, version?.content ?? null, number);
}

export function dueOf(
  task: TaskRow,
  device: DeviceRow | null,
  content: Content | null,
  number: number,
): TaskChecklist {
  const type = device?.type ?? ROOM_TYPE;
  const register: Register = device ? deviceRegister(device.register, device.firmware) : {};
  const items = content
    ? itemsOf(content, type).filter(
        (item) => applies(item, register) && !task.not_due.includes(item.key),
      )
    : [];
  return { type, content, number, items, register };
}
