/** The server's answers as the desk reads them: the generated types, sharper where JSON can't say it. */
import type { components } from "../../../api/schema";
import type { Mark } from "../../../ui/marks";

type Schemas = components["schemas"];
type Sharper<Base, Better> = Omit<Base, keyof Better> & Better;

/** number | option key | "pass" / "fail" | text | true (a photo is there) | null. */
export type Value = number | string | boolean | null;
export type Review = "none" | "accepted" | "returned";

export type Round = Schemas["Round"];
export type RoundAction = Round["actions"][number];
export type Progress = Schemas["Progress"];
export type Board = Schemas["Board"];
export type BoardBuilding = Schemas["BoardBuilding"];
export type BoardRoom = Schemas["BoardRoom"];
export type Blocker = Schemas["Blocker"];
export type Ready = Schemas["Ready"];
export type BlockerKind = Blocker["kind"];

export type PhotoReading = Sharper<Schemas["PhotoReading"], { value: Value }>;
/** The word on a photo, as other reviewers' screens hear of it. */
export type PhotoSaid = Sharper<Schemas["PhotoSaid"], { review: Review; review_marks: Mark[] }>;
/** What came of one word of many. */
export type PhotoReviewed = Sharper<Schemas["PhotoReviewed"], { shown: PhotoSaid | null }>;
export type Photo = Sharper<
  Schemas["Photo"],
  { reading: PhotoReading | null; review: Review; review_marks: Mark[] }
>;

export type Reading = Sharper<Schemas["Reading"], { value: Value; previous: Value }>;
export type PairReading = Sharper<Schemas["PairReading"], { value: Value }>;
export type PairedInspection = Sharper<Schemas["PairedInspection"], { readings: PairReading[] }>;
export type InspectionPhoto = Sharper<Schemas["InspectionPhoto"], { review: Review; review_marks: Mark[] }>;
export type Change = Sharper<Schemas["Change"], { before: unknown; after: unknown }>;
export type Revision = Sharper<Schemas["Revision"], { changes: Change[] }>;
export type InspectionRow = Schemas["Inspection"];
export type InspectionDetail = Sharper<
  Schemas["InspectionDetail"],
  { readings: Reading[]; pair: PairedInspection[]; photos: InspectionPhoto[]; revisions: Revision[] }
>;

export type Returned = Schemas["Return"];
export type ReturnedWhole = Sharper<Schemas["ReturnDetail"], { changes: Change[]; marks: Mark[] }>;

export type OpenItem = Schemas["OpenItem"];
export type OpenItemAnswer = Sharper<Schemas["OpenItemAnswer"], { value: Value }>;
export type OpenItemDetail = Sharper<Schemas["OpenItemDetail"], { answers: OpenItemAnswer[] }>;

export type Quarantined = Schemas["Quarantined"];
export type QuarantinedWhole = Schemas["QuarantinedWhole"];
export type Member = Schemas["Member"];
export type Device = Schemas["Device"];
