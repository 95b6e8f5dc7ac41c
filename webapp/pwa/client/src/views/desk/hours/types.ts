/** The ledger's answers, as the generated types have them. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Entry = Schemas["HoursEntry"];
export type Balance = Schemas["HoursBalance"];
export type CaseHours = Schemas["CaseHours"];
export type Planned = Schemas["PlannedWork"];
export type Terms = Schemas["HoursTerms"];
