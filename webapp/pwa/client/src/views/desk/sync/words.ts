/** How a phone is, in words and in the states that are drawn. */
import { formatAgo, t } from "../../../i18n";
import type { State } from "../../../ui/states";
import type { Phone, RescuedRecord } from "./types";

/** A phone's clock may be off so much before it is worth a word. */
const CLOCK_SECONDS = 300;

export function holds(phone: Phone): boolean {
  return phone.unsent_records + phone.unsent_photos > 0;
}

/** What is wrong with the phone, the worst first; null where all is well. */
export function phoneTrouble(phone: Phone): { state: State; text: string } | null {
  const blocked = phone.user_state !== "member" && holds(phone);
  if (blocked) return { state: "abnormal", text: t(`health.blocked_${phone.user_state as "left" | "disabled"}`) };
  if (phone.silent) return { state: "abnormal", text: t("health.silent", { ago: formatAgo(phone.last_seen_at) }) };
  if (phone.lost_photos > 0) return { state: "attention", text: t("health.lost", { count: phone.lost_photos }) };
  return null;
}

/** `3 records, 9 photos`, without the one of which there is none. */
export function amountText({ records, photos }: { records: number; photos: number }): string {
  const texts = { records: t("count.records", { count: records }), photos: t("count.photos", { count: photos }) };
  if (photos === 0) return texts.records;
  return records === 0 ? texts.photos : t("count.both", texts);
}

/** How far the phone's clock is off; empty where it is right enough. */
export function clockText(offsetSeconds: number): string {
  const off = Math.abs(offsetSeconds);
  if (off < CLOCK_SECONDS) return "";
  if (off < 7_200) return t("health.clock", { time: t("health.clock_minutes", { count: Math.round(off / 60) }) });
  if (off < 172_800) return t("health.clock", { time: t("health.clock_hours", { count: Math.round(off / 3_600) }) });
  return t("health.clock", { time: t("health.clock_days", { count: Math.round(off / 86_400) }) });
}

/** Whole days since a moment: `3 days`, `today`. */
export function waitedText(since: string, now = Date.now()): string {
  const days = Math.floor((now - Date.parse(since)) / 86_400_000);
  return days > 0 ? t("health.days", { count: days }) : t("health.today");
}

const RESULT_STATES: Record<RescuedRecord["result"], State> = {
  new: "todo",
  applied: "normal",
  duplicate: "normal",
  conflict: "attention",
  quarantined: "attention",
  damaged: "abnormal",
};

export function resultState(result: RescuedRecord["result"]): State {
  return RESULT_STATES[result];
}

