/** Spare parts and loaners, as the generated types have them. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Part = Schemas["SparePart"];
export type PartDetail = Schemas["SparePartDetail"];
export type Movement = Schemas["StockMovement"];
export type Loan = Schemas["Loan"];
export type CaseParts = Schemas["CaseParts"];
