/**
 * Texts in both languages, switched at once: everything here reads `settings.language`, so that a
 * template that calls it is drawn again when the language changes.
 *
 * Messages know `{name}` and, for plurals, `{count|device|devices}` (one | other, by the
 * language's own rules). The desk's texts come with the desk's first screen, see `desk.ts`.
 */
import { settings, type Language } from "../stores/settings.svelte";
import enCommon from "./en/common";
import enErrors from "./en/errors";
import enPhone from "./en/phone";
import { fillMessage, type MessageParams } from "./message";
import zhCommon from "./zh/common";
import zhErrors from "./zh/errors";
import zhPhone from "./zh/phone";

export type Key =
  | keyof typeof zhCommon
  | keyof typeof zhErrors
  | keyof typeof zhPhone
  | keyof typeof import("./zh/blockers").default
  | keyof typeof import("./zh/desk").default
  | keyof typeof import("./zh/desk_acceptance").default
  | keyof typeof import("./zh/desk_cases").default
  | keyof typeof import("./zh/desk_estate").default
  | keyof typeof import("./zh/desk_figures").default
  | keyof typeof import("./zh/desk_inbox").default
  | keyof typeof import("./zh/desk_firmware").default
  | keyof typeof import("./zh/desk_knowledge").default
  | keyof typeof import("./zh/desk_log").default
  | keyof typeof import("./zh/desk_hours").default
  | keyof typeof import("./zh/desk_notify").default
  | keyof typeof import("./zh/desk_open").default
  | keyof typeof import("./zh/desk_quality").default
  | keyof typeof import("./zh/desk_quotes").default
  | keyof typeof import("./zh/desk_report").default
  | keyof typeof import("./zh/desk_returns").default
  | keyof typeof import("./zh/desk_spares").default
  | keyof typeof import("./zh/desk_sync").default
  | keyof typeof import("./zh/desk_team").default
  | keyof typeof import("./zh/desk_terms").default
  | keyof typeof import("./zh/link").default
  | keyof typeof import("./zh/notices").default
  | keyof typeof import("./zh/phone_cases").default
  | keyof typeof import("./zh/told").default;

type Catalogue = Record<string, string>;

const catalogues: Record<Language, Catalogue> = {
  zh: { ...zhCommon, ...zhErrors, ...zhPhone },
  en: { ...enCommon, ...enErrors, ...enPhone },
};

/** The text of a key in the user's language. */
export function t(key: Key, params: MessageParams = {}): string {
  const message = catalogues[settings.language][key];
  return message === undefined ? key : fillMessage(message, params, locale());
}

/** Whether there is a text for a key that came from elsewhere, such as `error.<code>`. */
export function isKey(key: string): key is Key {
  return key in catalogues.zh;
}

/** The text of an error by the server's code or the network's; never an empty one. */
export function errorText(error: unknown): string {
  const { code, reason, details } = (error ?? {}) as Record<string, unknown>;
  const key = reason ? `error.network_${String(reason)}` : `error.${String(code)}`;
  return isKey(key) ? t(key, (details ?? {}) as MessageParams) : t("error.unexpected");
}

/** The one of two names that the user reads; the other where that is missing. */
export function pickName(zh: string | null | undefined, en: string | null | undefined): string {
  return (settings.language === "zh" ? zh || en : en || zh) ?? "";
}

/** The BCP 47 tag for `Intl`. */
export function locale(): string {
  return settings.language === "zh" ? "zh-CN" : "en-GB";
}

/** Adds an area's texts that are loaded late. */
export function addTexts(zh: Catalogue, en: Catalogue): void {
  Object.assign(catalogues.zh, zh);
  Object.assign(catalogues.en, en);
}

export * from "./day";
export * from "./format";
