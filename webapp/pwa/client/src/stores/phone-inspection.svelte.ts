/**
 * An inspection on the screen: every touch shows at once and is written to the phone behind it, one
 * change after the other. What could not be written stays here, is said, and is tried again.
 */
import {
  type Draft,
  type DraftPatch,
  emptyDraft,
  finishInspection,
  type Finished,
  mergeDraft,
  saveDraft,
  type TaskView,
} from "../db";
import type { Answer, OpenItemAnswer } from "../db";
import { Dwell } from "./dwell";

export class InspectionForm {
  readonly taskId: number;
  draft = $state.raw<Draft | null>(null);
  /** Why the last change is not on the phone yet; null while all is. */
  failure = $state.raw<unknown>(null);
  #queue: DraftPatch[] = [];
  #running: Promise<void> | null = null;
  /** Goes along with the first change: looking at a device begins no draft. */
  #first: DraftPatch;
  #dwell = new Dwell();
  /** Finished or discarded, but the database's last word on it may be an older one. */
  #ended = false;

  constructor(taskId: number, first: DraftPatch = {}) {
    this.taskId = taskId;
    this.#first = first;
  }

  /** Takes what the database says, unless this screen knows better. */
  adopt(view: TaskView): void {
    if (this.#queue.length > 0 || this.#running) return;
    if (!view.draft && view.outcome !== "todo") this.#ended = false;
    if (this.#ended) return;
    const known = this.draft?.version ?? -1;
    if (view.draft) {
      if (view.draft.version >= known) this.draft = view.draft;
    } else if (!this.draft && view.outcome === "todo") {
      this.draft = emptyDraft(view.task.id, view.checklist.number);
    }
  }

  /** Begins anew on an empty form, beside what was finished by somebody else. */
  begin(view: TaskView): void {
    this.draft = emptyDraft(view.task.id, view.round.checklist);
  }

  change(patch: DraftPatch): void {
    if (!this.draft) return;
    const whole = { ...this.#first, ...patch, add_dwell_seconds: this.#dwell.take() };
    this.#first = {};
    this.draft = mergeDraft(this.draft, whole);
    this.#queue.push(whole);
    void this.save();
  }

  answer(item: string, patch: Partial<Answer>): void {
    this.change({ answers: { [item]: patch } });
  }

  answerOpenItem(number: number, patch: Partial<OpenItemAnswer>): void {
    this.change({ open_items: { [number]: patch } });
  }

  /** Writes what waits; answers when all is on the phone or one change failed. */
  save(): Promise<void> {
    this.#running ??= this.#drain().finally(() => (this.#running = null));
    return this.#running;
  }

  /** @throws NotSavedError when something of it is not on the phone */
  async finish(): Promise<Finished> {
    this.change({});
    await this.save();
    if (this.failure) throw this.failure;
    const finished = await finishInspection(this.taskId);
    this.clear();
    return finished;
  }

  /** Forgets what is on the screen: the draft was finished or discarded. */
  clear(): void {
    this.#queue = [];
    this.draft = null;
    this.#ended = true;
  }

  /**
   * Counts the time that the form is in sight: not while the app is hidden or the phone asleep, nor
   * while a finished record is looked at. To be called inside an effect.
   */
  countTime(): () => void {
    const count = () => this.#dwell.tick(document.visibilityState === "visible" && this.draft !== null);
    // Time that was spent hidden is no part of the next tick.
    const turned = () => this.#dwell.tick(document.visibilityState !== "visible" && this.draft !== null);
    const timer = setInterval(count, 1000);
    document.addEventListener("visibilitychange", turned);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", turned);
    };
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const patch = this.#queue[0]!;
      try {
        const stored = await saveDraft(this.taskId, patch);
        this.#queue.shift();
        this.failure = null;
        if (this.#queue.length === 0 && this.draft) this.draft = stored;
      } catch (error) {
        this.failure = error;
        return;
      }
    }
  }
}
