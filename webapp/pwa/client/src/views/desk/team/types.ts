/** The team's answers. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Team = Schemas["Team"];
export type TeamPerson = Schemas["TeamPerson"];
export type Absence = Schemas["Absence"];
export type Manuals = Schemas["Manuals"];
export type Manual = Schemas["Manual"];
export type ManualVersion = Schemas["ManualVersion"];

export const REASONS = ["leave", "sick", "training", "departure", "other"] as const;
