/** A contract's settings as a form holds them and as the server takes them. */
import { t } from "../../../i18n";
import type { Contract } from "../estate/types";
import { presentMonth } from "../parts/round";

export interface ContractValues {
  code: string;
  name_zh: string;
  name_en: string;
  client_zh: string;
  client_en: string;
  time_zone: string;
  due_day: string;
  /** Empty where rounds are opened by hand. */
  opens_day: string;
  anchor_month: string;
}

/** How a contract is accepted, reminded of and reported: see `ContractSettings` on the server. */
export interface SettingsValues {
  acceptance_strictness: Contract["acceptance_strictness"];
  /** Per cent, as it is typed. */
  recheck_percent: string;
  fast_bulk_seconds: string;
  drawn_signatures: boolean;
  remind_days_before: number[];
  escalate_days_after: number[];
  report_language: Contract["report_language"];
}

export function settingsValues(contract: Contract): SettingsValues {
  return {
    acceptance_strictness: contract.acceptance_strictness,
    recheck_percent: String(Math.round(contract.recheck_share * 1000) / 10),
    fast_bulk_seconds: String(contract.fast_bulk_seconds),
    drawn_signatures: contract.drawn_signatures,
    remind_days_before: [...contract.remind_days_before],
    escalate_days_after: [...contract.escalate_days_after],
    report_language: contract.report_language,
  };
}

const within = (text: string, most: number, whole: boolean) =>
  (whole ? /^\d+$/ : /^\d+([.,]\d)?$/).test(text.trim()) && Number(text.trim().replace(",", ".")) <= most;

export function settingsFaults(values: SettingsValues): Record<string, string | false> {
  return {
    recheck_share: !within(values.recheck_percent, 100, false) && t("contract.not_percent"),
    fast_bulk_seconds: !within(values.fast_bulk_seconds, 600, true) && t("contract.not_seconds"),
  };
}

export function settingsBody({ recheck_percent, ...values }: SettingsValues): Record<string, unknown> {
  return {
    ...values,
    recheck_share: Math.round(Number(recheck_percent.trim().replace(",", ".")) * 10) / 1000,
    fast_bulk_seconds: Number(values.fast_bulk_seconds),
  };
}

/** The days of a month on which somebody is told: those before the due day, or those after it. */
export function daysTold(dueDay: number, days: number[], side: "before" | "after"): number[] {
  const told = days.map((count) => (side === "before" ? dueDay - count : dueDay + count));
  return told.filter((day) => day >= 1).sort((one, other) => one - other);
}

const USUAL_ZONE = "Asia/Shanghai";

export function contractValues(contract?: Contract): ContractValues {
  return {
    code: contract?.code ?? "",
    name_zh: contract?.name_zh ?? "",
    name_en: contract?.name_en ?? "",
    client_zh: contract?.client_zh ?? "",
    client_en: contract?.client_en ?? "",
    time_zone: contract?.time_zone ?? USUAL_ZONE,
    due_day: String(contract?.due_day ?? 10),
    opens_day: contract && contract.opens_day === null ? "" : String(contract?.opens_day ?? 1),
    anchor_month: contract?.anchor_month ?? presentMonth(USUAL_ZONE),
  };
}

const isDay = (text: string) => /^\d{1,2}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= 28;

export function contractFaults(values: ContractValues): Record<string, string | false> {
  const due = isDay(values.due_day) ? Number(values.due_day) : null;
  const opens = isDay(values.opens_day) ? Number(values.opens_day) : null;
  return {
    name_zh: !values.name_zh.trim() && t("form.required"),
    due_day: due === null && t("people.not_day"),
    opens_day:
      (values.opens_day.trim() !== "" && opens === null && t("people.not_day")) ||
      (opens !== null && due !== null && opens >= due && t("people.opens_late")),
    anchor_month: !/^\d{4}-(0[1-9]|1[0-2])$/.test(values.anchor_month) && t("people.not_month"),
    time_zone: !values.time_zone.trim() && t("form.required"),
  };
}

/** What is sent; the code only names a new contract. */
export function contractBody({ code: _code, ...values }: ContractValues): Record<string, unknown> {
  return {
    ...values,
    due_day: Number(values.due_day),
    opens_day: values.opens_day.trim() === "" ? null : Number(values.opens_day),
  };
}
