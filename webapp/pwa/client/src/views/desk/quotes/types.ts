/** Quotes as the server answers them. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Quote = Schemas["Quote"];
export type QuoteDetail = Schemas["QuoteDetail"];
export type QuoteLine = Schemas["QuoteLine"];
export type CaseQuotes = Schemas["CaseQuotes"];
export type QuoteSettings = Schemas["QuoteSettings"];
export type Rate = Schemas["Rate"];
export const LINE_KINDS = ["equipment", "material", "labour"] as const;
