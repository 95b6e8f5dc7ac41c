/**
 * The phone's own copy, as the screens use it; see README.md in this folder.
 *
 * Everything here works on the database of the signed-in user, which `openUserDatabase` has made
 * the current one. Reads are for `live`, or with `boundRead` for who asks once; writes answer once
 * they are on the disk.
 */
import { bound, boundRead } from "./bound";
import * as drafts from "./drafts";
import * as finishing from "./finish";
import * as homes from "./home";
import * as items from "./items";
import * as photos from "./photos";
import * as back from "./returns";
import * as visits from "./revisits";
import * as rounds from "./rounds";
import * as search from "./search";
import * as signing from "./selfchecks";
import * as state from "./syncstate";
import * as tasks from "./task";
import * as unsent from "./unsent";

export const home = bound(homes.home);
export const homeOnce = boundRead(homes.home);
export const currentRound = bound(rounds.currentRound);
export const roomsOf = bound(homes.roomsOf);
export const room = bound(homes.room);
export const task = bound(tasks.task);
export const openItems = bound(items.openItemViews);
export const revisits = bound(visits.revisits);
export const searchDevices = boundRead(search.searchDevices);
export const resolveLabel = boundRead(search.resolveLabel);
export const syncState = bound(state.syncState);
export const syncSummary = bound(state.syncSummary);
export const syncEvents = bound(state.syncEvents);
export const unsentCount = bound(unsent.unsentCount);
export const unsentOnPhone = boundRead(unsent.unsentOnPhone);

export const chooseRound = bound(rounds.chooseRound);
export const saveDraft = bound(drafts.saveDraft);
export const discardDraft = bound(drafts.discardDraft);
export const restoreDraft = bound(drafts.restoreDraft);
export const addPhoto = bound(photos.addPhoto);
export const removePhoto = bound(photos.removePhoto);
export const restorePhoto = bound(photos.restorePhoto);
export const annotatePhoto = bound(photos.annotatePhoto);
export const loadPhoto = bound(photos.loadPhoto);
export const finishInspection = bound(finishing.finishInspection);
export const finishWithException = bound(finishing.finishWithException);
export const finishWith = bound(finishing.finishWith);
export const undoFinish = bound(finishing.undoFinish);
export const amendInspection = bound(finishing.amendInspection);
export const returnedLines = bound(back.returnedLines);
export const beginAnswer = bound(back.beginAnswer);
export const dropUntouched = bound(back.dropUntouched);
export const signSelfCheck = bound(signing.signSelfCheck);
export const undoSelfCheck = bound(signing.undoSelfCheck);
export const recordScan = bound(search.recordScan);
export const acknowledgeEviction = bound(state.acknowledgeEviction);

export { emptyDraft, merge as mergeDraft } from "./drafts";
export { UNDO_MS, type Finished } from "./finish";
export { NotSavedError, PhotoUnreadableError } from "./errors";
export { uuidv7 } from "./ids";
export { databaseFailure, databaseOpen, live, type Live } from "./live.svelte";
export { watch } from "./watch";
export {
  closeUserDatabase,
  onDatabaseNotice,
  openUserDatabase,
  type DatabaseNotice,
} from "./open";
export { picture } from "./picture.svelte";
export type { HomeView, RoomProgress, RoomTask, RoomView, RoundProgress } from "./home";
export type { RoomMark, Signing, SigningState } from "./selfchecks";
export type { OpenItemFilter, OpenItemView } from "./items";
export type { TaskOutcome, Totals } from "./outcome";
export type { Judged } from "./payload";
export type { FoundDevice, Resolved } from "./search";
export type { Returned, ReturnedLine } from "./returns";
export type { Revisit } from "./revisits";
export type { CaseWorkLine, RecordLine, SelfCheckLine, SyncState, SyncSummary } from "./syncstate";
export type { TaskView } from "./task";
export type { TaskChecklist } from "./due";
export type { UnsentCount } from "./unsent";
export type * from "./types";
