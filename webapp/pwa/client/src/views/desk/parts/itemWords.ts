/** What an open item is called, and how it asks for attention. */
import { pickName, t } from "../../../i18n";
import type { State } from "../../../ui/states";
import type { OpenItem } from "./types";

/** What was checked, or the words of the finding. */
export function itemTitle(item: OpenItem): string {
  return pickName(item.item_zh, item.item_en) || item.text || t("desk_item.finding");
}

type Placed = Pick<OpenItem, "building_zh" | "building_en" | "floor" | "room_zh" | "room_en">;

export function itemPlace(item: Placed): string {
  const parts = [pickName(item.building_zh, item.building_en), item.floor, pickName(item.room_zh, item.room_en)];
  return parts.filter(Boolean).join(" · ");
}

/** Solved is calm; what is open stands by its urgency. */
export function itemState(item: Pick<OpenItem, "state" | "urgency">): State {
  if (item.state === "solved") return "normal";
  if (item.state === "withdrawn") return "not_tested";
  return item.urgency === "now" ? "abnormal" : "attention";
}

export function ageText(months: number): string {
  return months === 0 ? t("desk_item.age_new") : t("desk_item.age", { count: months });
}
