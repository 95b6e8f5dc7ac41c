/** The wire format of sync, by the names of webapp/sync/wire.py and webapp/rounds/payloads.py. */
import type { components } from "./schema";
import type { Content } from "../rules/checklist";

type Schemas = components["schemas"];

export const ENVELOPE = 1;

export type InspectionPayload = Schemas["InspectionIn"];
export type ReadingPayload = Schemas["ReadingIn"];
export type FindingPayload = Schemas["FindingIn"];
export type ExceptionPayload = Schemas["ExceptionIn"];
export type PhotoManifest = Schemas["PhotoIn"];
export type ScanPayload = Schemas["ScanIn"];
export type ScanResult = ScanPayload["result"];

export type OperationEnvelope = Schemas["OperationIn"];
export type OperationAnswer = Schemas["OperationOut"];
export type PushBody = Schemas["PushIn"];
export type PushAnswer = Schemas["PushOut"];
export type PhotoAnswer = Schemas["PhotoOut"];
export type PhotosAnswer = Schemas["PhotosOut"];
export type MissingBody = Schemas["MissingIn"];
export type MissingAnswer = Schemas["MissingOut"];
export type PhoneReport = Schemas["PhoneReport"];
export type PullAnswer = Schemas["PullOut"];

export type ContractRow = Schemas["ContractRow"];
export type PersonRow = Schemas["PersonRow"];
export type BuildingRow = Schemas["BuildingRow"];
export type RoomRow = Schemas["RoomRow"];
export type DeviceRow = Schemas["DeviceRow"];
export type LabelRow = Schemas["LabelRow"];
export type ChecklistRow = Omit<Schemas["ChecklistRow"], "content"> & { content: Content };
export type RoundRow = Schemas["RoundRow"];
export type TaskRow = Schemas["TaskRow"];
export type PreviousMonth = Schemas["PreviousMonth"];
export type InspectionRow = Schemas["InspectionRow"];
export type OpenItemRow = Schemas["OpenItemRow"];
export type ReturnedPhotoRow = Schemas["ReturnedPhotoRow"];
export type ReturnedAnswerRow = Schemas["ReturnedAnswerRow"];
export type SelfCheckPayload = Schemas["SelfCheckIn"];
export type SeenInspection = Schemas["SeenInspection"];
export type ChangedRow = Schemas["ChangedRow"];
export type SignOffRow = Schemas["SignOffRow"];
export type CaseRow = Schemas["CaseRow"];
export type CaseLineRow = Schemas["CaseLineRow"];
export type CaseClockRow = Schemas["CaseClockRow"];
export type CaseOpenPayload = Schemas["CaseOpenIn"];
export type CaseStepPayload = Schemas["CaseStepIn"];
export type HoursLogPayload = Schemas["HoursLogIn"];
export type HoursRow = Schemas["HoursRow"];
export type CasePhoto = Schemas["CasePhotoIn"];
