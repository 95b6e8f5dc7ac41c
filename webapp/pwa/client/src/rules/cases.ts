/**
 * The steps of cases that are taken on the spot, without a network: those of the server's kinds of
 * case whose fields a phone can ask for (webapp/cases/field_steps.py writes them; clauses 11-14, 22-24,
 * 32-42, 48). The server's word counts.
 */
import table from "./case_steps.json";

export interface StepField {
  key: string;
  kind: "words" | "text" | "code" | "money" | "date" | "at" | "number" | "choice";
  required: boolean;
  choices?: readonly string[];
  /** A text's characters; left out where it may be as long as any. */
  longest?: number;
}

export interface PhoneStep {
  key: string;
  froms: readonly string[];
  /** The state that it leads to; null where the case stays in its state. */
  to: string | null;
  fields: readonly StepField[];
  /** The clocks that it ends. */
  meets: readonly string[];
  /** Whether who takes it answers for the case, where nobody does. */
  owns: boolean;
  /** A fact of the case, and the values of it with which the step is there at all; none: it has to be known. */
  when?: readonly [string, readonly string[]];
}

const STEPS = table as unknown as Readonly<Record<string, readonly PhoneStep[]>>;

/** The steps that can be taken of a case in this state, the one that leads on first. */
export function stepsOf(kind: string, state: string, facts: Readonly<Record<string, string>> = {}): PhoneStep[] {
  return (STEPS[kind] ?? []).filter(({ froms, when }) => {
    if (!froms.includes(state) || !when) return froms.includes(state);
    const [fact, values] = when;
    return values.length > 0 ? values.includes(facts[fact] ?? "") : fact in facts;
  });
}

/** The fields that are asked for and still empty. */
export function missingFields(step: PhoneStep, given: Readonly<Record<string, unknown>>): string[] {
  return step.fields
    .filter(({ key, required }) => required && !String(given[key] ?? "").trim())
    .map(({ key }) => key);
}

const MONEY = /^\d{1,10}(\.\d{1,2})?$/;
const WHOLE = /^\d{1,5}$/;

/** A field's text as the server takes it; null where it is none of its kind, "" where it is empty. */
export function plainField(field: StepField, text: string): string | number | null {
  const plain = text.trim();
  if (plain === "") return "";
  switch (field.kind) {
    case "money": {
      const amount = plain.replaceAll(/[,，\s¥￥]/gu, "");
      return MONEY.test(amount) ? amount : null;
    }
    case "number":
      return WHOLE.test(plain) ? Number(plain) : null;
    case "at": {
      // A local time gets the offset of the place where it was typed.
      const at = new Date(plain);
      return Number.isNaN(at.getTime()) ? null : at.toISOString();
    }
    case "choice":
      return field.choices?.includes(plain) ? plain : null;
    default:
      return plain;
  }
}
