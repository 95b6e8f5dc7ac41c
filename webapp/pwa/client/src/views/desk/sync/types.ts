import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Phone = Schemas["Phone"];
export type Lacking = Schemas["Lacking"];
export type RescueReport = Schemas["RescueReport"];
export type RescuedRecord = Schemas["RescuedRecord"];
