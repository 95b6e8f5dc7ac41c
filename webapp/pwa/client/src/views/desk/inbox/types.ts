/** The mails that came, as the server tells of them. */
import type { components } from "../../../api/schema";

export type IncomingMail = components["schemas"]["IncomingMail"];
export type IncomingWhole = components["schemas"]["IncomingWhole"];
export type Caller = components["schemas"]["Caller"];
