/** The service desk's answers: the generated types, sharper where JSON can't say it. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];
type Sharper<Base, Better> = Omit<Base, keyof Better> & Better;

export type Case = Schemas["Case"];
export type Clock = Schemas["Clock"];
export type CaseKind = Schemas["CaseKind"];
export type CaseStep = Schemas["Step"];
export type StepField = Schemas["Field"];
export type Given = Record<string, string | number | boolean>;
export type CaseEvent = Sharper<Schemas["CaseEvent"], { given: Given }>;
export type CaseDetail = Sharper<Schemas["CaseDetail"], { timeline: CaseEvent[]; facts: Given }>;
