/**
 * A version on the editor's desk. A draft is saved by itself a moment after each change; what
 * somebody else saved meanwhile is never overwritten unasked.
 */
import { api, ApiError } from "../../../api/client";
import { session } from "../../../stores/session.svelte";
import type { DraftContent, Problem, Version } from "./types";

export class Draft {
  readonly number: number;
  readonly editable: boolean;
  content = $state<DraftContent>() as DraftContent;
  note = $state("");
  problems = $state.raw<Problem[]>([]);
  saving = $state(false);
  error = $state.raw<unknown>(null);
  #saved = $state("");
  /** What the server would not take, or never got: not sent again by itself. */
  #failed = $state("");
  #hash: string;
  readonly #now = $derived(JSON.stringify([this.content, this.note]));

  constructor(version: Version, editable: boolean) {
    this.number = version.number;
    this.editable = editable && version.state === "draft";
    this.#hash = version.content_hash;
    this.take(version);
  }

  /** Whether there are changes that the server does not have. */
  get dirty(): boolean {
    return this.#now !== this.#saved;
  }

  /** Whether there is something to save that has not just failed. */
  get waiting(): boolean {
    return this.editable && this.dirty && !this.conflict && this.#now !== this.#failed;
  }

  /** Changes with every change of the content, so that an effect can wait for a pause. */
  get text(): string {
    return this.#now;
  }

  /** Whether somebody else has saved the draft since it was read here. */
  get conflict(): boolean {
    return this.error instanceof ApiError && this.error.code === "conflict";
  }

  take(version: Version): void {
    this.content = structuredClone(version.content) as unknown as DraftContent;
    this.note = version.note;
    this.#accept(version);
    this.#saved = this.#now;
    this.error = null;
  }

  /** Saves what there is; true when the server has all of it. */
  async save(): Promise<boolean> {
    if (!this.editable || !this.dirty) return true;
    if (this.saving) return false;
    const sent = this.#now;
    const body = { content: $state.snapshot(this.content), note: this.note, expected_hash: this.#hash };
    this.saving = true;
    try {
      const version = await api.patch<Version>(session.path(`checklists/${this.number}`), body);
      this.#accept(version);
      this.#saved = sent;
      this.error = null;
    } catch (error) {
      this.error = error;
      this.#failed = sent;
      if (error instanceof ApiError && Array.isArray(error.details.problems)) this.problems = error.details.problems as Problem[];
    } finally {
      this.saving = false;
    }
    return !this.dirty && !this.error;
  }

  /** Takes what the server has and lets go of one's own changes. */
  async takeTheirs(): Promise<void> {
    this.take(await api.get<Version>(session.path(`checklists/${this.number}`)));
  }

  /** Saves one's own over what somebody else saved. */
  async keepMine(): Promise<void> {
    const theirs = await api.get<Version>(session.path(`checklists/${this.number}`));
    this.#hash = theirs.content_hash;
    this.error = null;
    await this.save();
  }

  /** What is wrong at exactly this place. */
  at(path: string): Problem | undefined {
    return this.problems.find((problem) => problem.path === path);
  }

  /** How much is wrong there and below. */
  under(path: string): number {
    return this.problems.filter((problem) => problem.path === path || problem.path.startsWith(`${path}.`)).length;
  }

  #accept(version: Version): void {
    this.#hash = version.content_hash;
    this.problems = version.problems;
  }
}
