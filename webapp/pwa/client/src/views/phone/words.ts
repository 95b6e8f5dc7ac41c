/** Names of things in the user's language, where the data has a key or two names. */
import type { BuildingRow, DeviceRow, OpenItemRow, PersonRow, RoomRow, RoundRow } from "../../api/wire";
import type { TaskView } from "../../db";
import { dayIn, formatDate, locale, pickName, t } from "../../i18n";
import { actionsOf, causesOf, consumableWords, type Content, type Item } from "../../rules/checklist";
import { wordsOf } from "./model/inspection";

/** A consumable's name, as the checklist gives it. */
export function consumableName(content: Content | null, key: string): string {
  const words = consumableWords(content, key);
  return pickName(words.zh, words.en);
}

export function roomName(room: RoomRow | null | undefined): string {
  return room ? pickName(room.name_zh, room.name_en) : "";
}

/** `总部大楼 · 3F · 第一会议室`: enough to walk there. */
export function placeName(
  room: RoomRow | null | undefined,
  building: BuildingRow | null | undefined,
): string {
  const parts = [building && pickName(building.name_zh, building.name_en), room?.floor, roomName(room)];
  return parts.filter(Boolean).join(" · ");
}

/** `3月`: enough between rounds that are open at once. */
export function monthName(round: RoundRow): string {
  return formatDate(`${round.month}-01`, { month: "short" });
}

/** `3月巡检`, where the round is not of the month that it is: what is done here belongs to a late one. */
export function otherMonth(round: RoundRow | null | undefined, timeZone?: string): string {
  if (!round || round.month === dayIn(timeZone).slice(0, 7)) return "";
  return t("round.title", { month: monthName(round) });
}

export function personName(person: PersonRow | null | undefined): string {
  return person ? pickName(person.name, person.name_en) : "";
}

export function typeName(content: Content | null | undefined, key: string): string {
  const type = content?.types.find((candidate) => candidate.key === key);
  return type ? pickName(type.zh, type.en) : key;
}

/** A type's name within a sentence: `the same microphone`, but `the same ClickShare`. */
function inSentence(name: string): string {
  const rest = name.slice(1);
  return rest === rest.toLowerCase() ? name.toLocaleLowerCase(locale()) : name;
}

/** The repeat offender: `3 months running, the same microphone: Pickup`, the longest row first. */
export function repeatTexts(view: Pick<TaskView, "repeat" | "typeNames" | "checklist">): string[] {
  const type = view.typeNames ? inSentence(pickName(view.typeNames.zh, view.typeNames.en)) : "";
  return Object.entries(view.repeat)
    .filter(([, months]) => months > 1)
    .sort(([, a], [, b]) => b - a)
    .map(([key, count]) => {
      const item = view.checklist.items.find((one) => one.key === key);
      return t("inspect.repeat", { count, type, item: item ? pickName(item.zh, item.en) : key });
    });
}

/** What a task is about: the device's name, or the room's own checklist. */
export function taskName(device: DeviceRow | null | undefined): string {
  return device ? device.name : t("inspect.title_room");
}

export function makerModel(device: DeviceRow): string {
  return [device.maker, device.model].filter(Boolean).join(" ");
}

/** What an open item says: the item of the checklist that it hangs on, else its own words. */
export function openItemName(row: OpenItemRow, item: Item | null): string {
  const name = item ? pickName(item.zh, item.en) : (row.item ?? "");
  if (!name) return row.text || t("open_item.finding");
  return row.text ? `${name} · ${row.text}` : name;
}

/** A reason as the pick list has it in this language, or as it was written. */
export function causeName(content: Content | null, type: string, cause: string): string {
  const words = content && wordsOf(causesOf(content, type), cause);
  return words ? pickName(words.zh, words.en) : cause;
}

export function actionName(content: Content | null, type: string, action: string): string {
  const words = content && wordsOf(actionsOf(content, type), action);
  return words ? pickName(words.zh, words.en) : action;
}
