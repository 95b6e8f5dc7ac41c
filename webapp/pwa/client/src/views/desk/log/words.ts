/** What a line of the service log says. */
import { formatTime, pickName, t } from "../../../i18n";
import { session } from "../../../stores/session.svelte";
import type { IconName } from "../../../ui/icons";
import { eventTitle, kindText } from "../cases/words";
import type { LogEntry, LogLine } from "./types";

export function lineTitle(line: LogLine): string {
  if (line.kind === "visit") return t("log.visit", { devices: line.devices });
  if (line.kind === "signed") return t(`log.signed_${line.step as "self_check" | "peer_check" | "final"}`, { count: line.devices });
  return [kindText(line.case_kind ?? ""), eventTitle(line)].join(" · ");
}

/** What stands below it: figures of a visit, or what the step said. */
export function lineText(line: LogLine): string {
  if (line.kind !== "visit") return line.text;
  return [
    line.abnormal ? t("log.abnormal", { count: line.abnormal }) : "",
    line.not_tested ? t("log.not_tested", { count: line.not_tested }) : "",
    line.scanned ? t("log.scanned", { count: line.scanned }) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

export function lineIcon(line: LogLine): IconName {
  if (line.kind === "visit") return "checklist";
  return line.kind === "signed" ? "shield" : "clock";
}

export function lineTime(line: LogLine): string {
  const zone = session.contract?.time_zone;
  const [from, to] = [formatTime(line.at, zone), line.until ? formatTime(line.until, zone) : ""];
  return to && to !== from ? `${from}–${to}` : from;
}

export function logPlace(one: LogLine | LogEntry): string {
  const place = [pickName(one.building_zh, one.building_en), one.floor, pickName(one.room_zh, one.room_en), one.device_name ?? ""];
  return place.filter(Boolean).join(" · ");
}
