/** The words of a device's life: its items, causes, actions and kinds of record. */
import { isKey, pickName, t } from "../../../i18n";
import { lookups } from "../parts/lookups.svelte";
import type { DeviceLife } from "./types";

/** The name of an item of the device's checklist; an item that is no more keeps its key. */
export function itemName(life: DeviceLife, key: string | null): string {
  const item = life.items.find((other) => other.key === key);
  return item ? pickName(item.zh, item.en) : (key ?? "");
}

export function causeText(life: DeviceLife, key: string): string {
  return key && lookups.pickListName("causes", life.device.type, key);
}

export function actionText(life: DeviceLife, key: string): string {
  return key && lookups.pickListName("actions", life.device.type, key);
}

/** A person of the record; the server gives the Chinese name, the members know the other. */
export function personText(name: string | null | undefined): string {
  const member = lookups.members.find((other) => other.name === name);
  return member ? pickName(member.name, member.name_en) : (name ?? "");
}

export function categoryText(category: string): string {
  const text = `device.category_${category}`;
  return isKey(text) ? t(text) : category;
}

/** How a record ended; free words of an older record stay as they are. */
export function resultText(result: string): string {
  const text = `device.result_${result}`;
  return isKey(text) ? t(text) : result;
}
