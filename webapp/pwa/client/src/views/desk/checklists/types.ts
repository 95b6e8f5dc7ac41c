/** A checklist's content while it is edited: `rules/checklist.ts`, but open to change and to gaps. */
import type { components } from "../../../api/schema";
import type { Content, Kind, NumberNormal, Period, Words } from "../../../rules/checklist";

type Schemas = components["schemas"];

export type VersionRow = Schemas["ChecklistSummary"];
export type Version = Omit<Schemas["Checklist"], "content"> & { content: Content };
export type Problem = Schemas["ChecklistProblem"];
export type Difference = Schemas["ChecklistDifference"];

export type DraftWords = { -readonly [Name in keyof Words]: Words[Name] };

export interface DraftNormal {
  min?: number;
  max?: number;
  register?: string;
  max_share_of_register?: [string, number];
  register_within?: [string, number];
}

export interface DraftItem extends DraftWords {
  kind: Kind;
  unit?: string;
  options?: DraftWords[];
  normal?: DraftNormal | string[];
  severity?: number;
  by?: Record<string, number>;
  every?: Period;
  optional?: boolean;
  photo?: "always";
  consumable?: string;
  when_register?: string;
  unless_register?: string;
  source?: string;
}

export interface DraftType extends DraftWords {
  items: DraftItem[];
}

export interface DraftContent {
  format: number;
  types: DraftType[];
  causes: Record<string, DraftWords[]>;
  actions: Record<string, DraftWords[]>;
  exceptions: DraftWords[];
  consumables?: DraftWords[];
}

export const KINDS: readonly Kind[] = ["pass_fail", "number", "choice", "text", "photo"];
export const SEVERITIES = [1, 2, 3, 4] as const;

/** The rule of a number item; that of another kind is none. */
export function numberRule(item: { normal?: unknown }): NumberNormal {
  return item.normal && !Array.isArray(item.normal) ? (item.normal as NumberNormal) : {};
}
