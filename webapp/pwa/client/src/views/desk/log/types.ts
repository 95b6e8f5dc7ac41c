/** The service log's answers. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type LogDay = Schemas["LogDay"];
export type LogLine = Schemas["LogLine"];
export type LogEntry = Schemas["LogEntry"];
export type LogMonth = Schemas["LogMonth"];
export type LogMonthDay = Schemas["LogMonthDay"];
export type LogPerson = Schemas["LogPerson"];
