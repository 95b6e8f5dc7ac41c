import type { components } from "../../api/schema";
import { pickName } from "../../i18n";

/** Building, floor and room in one line. */
export function placeText(place: components["schemas"]["LabelPlace"]): string {
  const names = [
    pickName(place.building_zh, place.building_en),
    place.floor,
    pickName(place.room_zh, place.room_en),
  ];
  return names.filter(Boolean).join(" · ");
}
