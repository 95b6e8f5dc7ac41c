/** What was typed into a step's fields, as the server takes it. */
import type { Given, StepField } from "./types";

const WHOLE = new Set(["severity", "rating", "person", "device", "number"]);

/** Nothing typed is nothing sent; a local time gets the offset of the place where it was typed. */
export function givenOf(fields: readonly StepField[], values: Readonly<Record<string, string>>): Given {
  const given: Given = {};
  for (const { key, kind } of fields) {
    const text = (values[key] ?? "").trim();
    if (text === "") continue;
    if (WHOLE.has(kind)) given[key] = Number(text);
    else if (kind === "at") given[key] = new Date(text).toISOString();
    else if (kind === "case") given[key] = text.toUpperCase();
    else if (kind === "money") given[key] = text.replaceAll(/[,，\s¥￥]/gu, "");
    else given[key] = text;
  }
  return given;
}

/** The fields that are still empty though they are asked for. */
export function missingOf(fields: readonly StepField[], values: Readonly<Record<string, string>>): string[] {
  return fields.filter(({ key, required }) => required && !(values[key] ?? "").trim()).map(({ key }) => key);
}
