/** The register fields that a type's checklist compares with, and how they are typed in and out. */
import { isKey, t } from "../../../i18n";
import { registerFlag, type Content, type Item } from "../../../rules/checklist";

export interface RegisterField {
  key: string;
  kind: "flag" | "number" | "text";
}

/** The fields by which a device type is judged, once each, in the checklist's order. */
export function registerFields(content: Content | null, type: string): RegisterField[] {
  const items = content?.types.find((other) => other.key === type)?.items ?? [];
  const found = new Map<string, RegisterField>();
  for (const field of items.flatMap(fieldsOf)) {
    // The firmware has a column of its own.
    if (field.key !== "firmware" && !found.has(field.key)) found.set(field.key, field);
  }
  return [...found.values()];
}

function fieldsOf(item: Item): RegisterField[] {
  const flags = [item.when_register, item.unless_register].filter((key) => key !== undefined);
  return [...flags.map((key) => ({ key, kind: "flag" as const })), ...comparedWith(item)];
}

function comparedWith(item: Item): RegisterField[] {
  if (item.kind === "text") return item.normal ? [{ key: item.normal.register, kind: "text" }] : [];
  if (item.kind !== "number") return [];
  const { register, max_share_of_register: share, register_within: within } = item.normal ?? {};
  return [register, share?.[0], within?.[0]]
    .filter((key) => key !== undefined)
    .map((key) => ({ key, kind: "number" as const }));
}

/** A register field in the user's words; one of the contract's own keeps its key. */
export function registerName(key: string): string {
  const text = `register.${key}`;
  return isKey(text) ? t(text) : key;
}

/** A value as it is shown. */
export function registerText(value: unknown): string {
  if (value === true) return t("register.yes");
  if (value === false) return t("register.no");
  return value === null || value === undefined ? "" : String(value);
}

/** What the form begins with. */
export function registerInput(field: RegisterField, register: Record<string, unknown>): string {
  const value = register[field.key];
  if (field.kind === "flag") return value === undefined ? "" : registerFlag(register, field.key) ? "yes" : "no";
  return registerText(value);
}

/** What the form sends; null takes the field away, undefined is not a number. */
export function registerValue(field: RegisterField, input: string): boolean | number | string | null | undefined {
  const text = input.normalize("NFKC").trim();
  if (text === "") return null;
  if (field.kind === "flag") return text === "yes";
  if (field.kind === "text") return text;
  const number = Number(text.replaceAll(",", ""));
  return Number.isFinite(number) ? number : undefined;
}
