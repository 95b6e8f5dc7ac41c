/** A contract's settings as a form holds them and as the server takes them. */
import { t } from "../../../i18n";
import type { Contract } from "../estate/types";

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

export function contractValues(contract?: Contract): ContractValues {
  return {
    code: contract?.code ?? "",
    name_zh: contract?.name_zh ?? "",
    name_en: contract?.name_en ?? "",
    client_zh: contract?.client_zh ?? "",
    client_en: contract?.client_en ?? "",
    time_zone: contract?.time_zone ?? "Asia/Shanghai",
    due_day: String(contract?.due_day ?? 10),
    opens_day: contract && contract.opens_day === null ? "" : String(contract?.opens_day ?? 1),
    anchor_month: contract?.anchor_month ?? new Date().toISOString().slice(0, 7),
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
