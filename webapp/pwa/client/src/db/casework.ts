/**
 * The service desk's cases as the phone's screens use them. Apart from `index.ts`, because no round
 * needs it: the home is drawn before it is loaded.
 */
import { bound, boundRead } from "./bound";
import * as drafts from "./casedrafts";
import * as cases from "./cases";

export const caseViews = bound(cases.caseViews);
export const casesOfDevice = bound(cases.casesOfDevice);
export const caseView = bound(cases.caseView);
export const caseCounts = bound(cases.caseCounts);
export const caseDraft = boundRead(drafts.caseDraft);
export const caseDraftPhotos = bound(drafts.caseDraftPhotos);
export const saveCaseDraft = bound(drafts.saveCaseDraft);
export const addCasePhoto = bound(drafts.addCasePhoto);
export const removeCasePhoto = bound(drafts.removeCasePhoto);
export const restoreCasePhoto = bound(drafts.restoreCasePhoto);
export const annotateCasePhoto = bound(drafts.annotateCasePhoto);
export const placeOfDevice = boundRead(cases.placeOfDevice);
export const declareFault = bound(cases.declareFault);
export const takeCaseStep = bound(cases.takeCaseStep);
export const undoCaseWork = bound(cases.undoCaseWork);
export const logHours = bound(cases.logHours);

export { draftKeyOf } from "./casedrafts";
export { dueOf, HOURS_DRAFT } from "./cases";
export { hoursProblem, local as localTime, spanOf } from "./hours";
export type { CaseCounts, CaseLine, CaseView, DeclaredFault } from "./cases";
export type { HoursGiven, HoursLine, HoursProblem, HoursView, PlannedLine } from "./hours";
