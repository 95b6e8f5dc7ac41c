/** Small words of the round that several screens share. */
import { isKey, t } from "../../../i18n";

/** A severity of the contract: 1 一级 … 4 四级. */
export function severityText(severity: number | null | undefined): string {
  return severity && severity >= 1 && severity <= 4 ? t(`severity.${severity as 1 | 2 | 3 | 4}`) : "—";
}

/** What the server found remarkable about an inspection. */
export function flagText(flag: string): string {
  const key = `flag.${flag}`;
  return isKey(key) ? t(key) : flag;
}

/** Why a figure is doubted: a counter that fell, or rose faster than time goes. */
export function questionText(question: string): string {
  const key = `question.${question}`;
  return isKey(key) ? t(key) : question;
}
