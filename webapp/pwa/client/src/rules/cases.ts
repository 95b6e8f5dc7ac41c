/**
 * The steps of a fault that an engineer takes on the spot, as webapp/cases/kinds.py has them
 * (clauses 38-42): tests/vectors/case_steps.json is run by both. The server's word counts.
 */

export type StepKey = "take_over" | "arrive" | "explain" | "solve" | "note";

export interface StepField {
  key: string;
  kind: "words" | "text" | "code" | "money";
  required: boolean;
}

export interface PhoneStep {
  key: StepKey;
  froms: readonly string[];
  /** The state that it leads to; null where the case stays in its state. */
  to: string | null;
  fields: readonly StepField[];
  /** The clocks that it ends. */
  meets: readonly string[];
  /** Whether who takes it answers for the case, where nobody does. */
  owns: boolean;
}

const WORDS: StepField = { key: "text", kind: "words", required: false };
const CAUSE: StepField = { key: "cause", kind: "words", required: true };
const LIVE = ["declared", "taken", "on_site", "explained", "solved"];

export const FAULT_STEPS: readonly PhoneStep[] = [
  { key: "take_over", froms: ["declared"], to: "taken", fields: [WORDS], meets: [], owns: true },
  {
    key: "arrive",
    froms: ["declared", "taken"],
    to: "on_site",
    fields: [{ key: "code", kind: "code", required: false }, WORDS],
    meets: ["response"],
    owns: true,
  },
  {
    key: "explain",
    froms: ["on_site"],
    to: "explained",
    fields: [CAUSE, { key: "plan", kind: "words", required: true }, { key: "cost", kind: "money", required: false }],
    meets: ["cause_report"],
    owns: false,
  },
  {
    key: "solve",
    froms: ["taken", "on_site", "explained"],
    to: "solved",
    fields: [CAUSE, { key: "solution", kind: "words", required: true }, { key: "part", kind: "text", required: false }],
    meets: ["response", "cause_report", "vendor_report"],
    owns: true,
  },
  { key: "note", froms: LIVE, to: null, fields: [{ ...WORDS, required: true }], meets: [], owns: false },
];

/** Of every other kind the phone tells, and takes notes. */
const NOTE = FAULT_STEPS.filter((step) => step.key === "note");

/** The steps that can be taken of a case in this state, the one that leads on first. */
export function stepsOf(kind: string, state: string): PhoneStep[] {
  if (kind !== "fault") return [...NOTE];
  return FAULT_STEPS.filter((step) => step.froms.includes(state));
}

/** The fields that are asked for and still empty. */
export function missingFields(step: PhoneStep, given: Readonly<Record<string, unknown>>): string[] {
  return step.fields
    .filter(({ key, required }) => required && !String(given[key] ?? "").trim())
    .map(({ key }) => key);
}

const MONEY = /^\d{1,10}(\.\d{1,2})?$/;

/** A field's text as the server takes it; null where it is none of its kind, "" where it is empty. */
export function plainField(field: StepField, text: string): string | null {
  const plain = text.trim();
  if (field.kind !== "money" || plain === "") return plain;
  const amount = plain.replaceAll(/[,，\s¥￥]/gu, "");
  return MONEY.test(amount) ? amount : null;
}
