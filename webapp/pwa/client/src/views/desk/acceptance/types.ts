/** The server's answers about the acceptance, as the desk reads them. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Acceptance = Schemas["Acceptance"];
export type AcceptanceRoom = Schemas["AcceptanceRoom"];
export type SignOff = Schemas["SignOff"];
export type VoidReason = Schemas["VoidReason"];
export type Sample = Schemas["Sample"];
export type SampleTask = Schemas["SampleTask"];
export type RoomLevel = "self_check" | "peer_check";
export type Level = SignOff["level"];
export type Reason = Acceptance["why_not_final"];
