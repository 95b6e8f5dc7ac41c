/** What a photo is called, and the words of its review. */
import { pickName, t, type Key } from "../../../i18n";
import type { State } from "../../../ui/states";
import { lookups } from "./lookups.svelte";
import type { Photo, Review } from "./types";

export const reviewStates: Record<Review, State> = { none: "todo", accepted: "normal", returned: "attention" };
export const reviewKeys: Record<Review, Key> = {
  none: "photos.review_none",
  accepted: "photos.review_accepted",
  returned: "photos.review_returned",
};

/** What a photo is most often sent back for. */
export const returnReasons: Key[] = [
  "photos.reason_blurred",
  "photos.reason_reading",
  "photos.reason_other",
  "photos.reason_dark",
];

/** A remark with a reason's words at its end, once. */
export function added(remark: string, words: string): string {
  if (remark.includes(words)) return remark;
  return remark.trim() ? `${remark.trim()}；${words}` : words;
}

/** The item that the photo shows, or the finding, the open item, or the whole. */
export function photoTitle(photo: Photo): string {
  if (photo.item) return pickName(photo.item_zh, photo.item_en) || photo.item;
  if (photo.finding) return photo.finding;
  if (photo.open_item_number) return t("photos.of_open_item", { number: String(photo.open_item_number) });
  return photo.device_id ? t("photos.of_device") : t("photos.of_room");
}

/** Where it was taken: building, floor, room. */
export function photoPlace(photo: Photo): string {
  const parts = [pickName(photo.building_zh, photo.building_en), photo.floor, pickName(photo.room_zh, photo.room_en)];
  return parts.filter(Boolean).join(" · ");
}

/** The whole in one line, as a screen reader hears it. */
export function photoSpoken(photo: Photo): string {
  return [photoTitle(photo), photo.device_name ?? lookups.typeName(photo.type), photoPlace(photo)].join(" · ");
}
