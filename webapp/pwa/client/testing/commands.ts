/** What the phone can be asked to do; each answers once it is done, with something JSON can carry. */
import { draftKeyOf, keepCasePhoto } from "../src/db/casedrafts";
import { caseView, caseViews, declareFault, logHours, takeCaseStep, undoCaseWork } from "../src/db/cases";
import { amendInspection, finishInspection, undoFinish } from "../src/db/finish";
import { saveDraft } from "../src/db/drafts";
import { checklistOf } from "../src/db/due";
import type { HoursGiven } from "../src/db/hours";
import { retryRefused } from "../src/db/outbox";
import { keepPhoto } from "../src/db/photos";
import type { DraftPatch } from "../src/db/types";
import { recordScan } from "../src/db/search";
import { signSelfCheck } from "../src/db/selfchecks";
import { unsentOnPhone } from "../src/db/unsent";
import type { UserDatabase } from "../src/db/schema";
import type { RunOptions } from "../src/sync/run";
import { makeRescueFile } from "../src/sync/rescue";
import { sendOutbox } from "../src/sync/worker";
import { damagePhoto, dump, report, setClock } from "./disk";
import { Page, type Browser } from "./page";

const WHOLE = { item: null, finding: null, open_item: null };

interface SaveCommand {
  task: number;
  /** A text to know the record by. */
  remark?: string;
  /** Base64 of each photo's bytes. */
  photos?: string[];
}

/** What the screen would have said "saved" of. */
interface Saved {
  uid: string;
  operation: { id: string; hash: string };
  photos: { id: string; sha256: string }[];
}

/** What is no longer saved: the ids of its operation, its photos, and the signatures' operations. */
interface Undone {
  operation: string;
  photos: string[];
  signatures: string[];
}

export class Phone {
  readonly #browser: Browser = { server: "", cookie: "" };
  #page: Page | null = null;
  #user = 0;
  #contract = "";

  get #open(): Page {
    if (!this.#page) throw new Error("the app is not open");
    return this.#page;
  }

  /** Leads the phone's requests to another address, as a proxy's. */
  connect({ server }: { server: string }): void {
    this.#browser.server = server;
  }

  /** Signs in with a password, as from an address, and opens the user's database for his first contract. */
  async sign_in(who: { login: string; password: string; address?: string }): Promise<object> {
    const { login, password, address = "127.0.0.1" } = who;
    const answer = await fetch(`${this.#browser.server}/api/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Forwarded-For": address },
      body: JSON.stringify({ login, password, device_name: "Node" }),
    });
    if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}`);
    this.#browser.cookie = answer.headers.get("Set-Cookie")!.split(";")[0]!;
    const me = (await answer.json()) as { user: { id: number }; contracts: { code: string }[] };
    this.#user = me.user.id;
    this.#contract = me.contracts[0]!.code;
    await this.open();
    return { user: this.#user, contract: this.#contract };
  }

  /** Opens the app, as after a crash; `user` and `contract` open another's database. */
  async open({ user, contract }: { user?: number; contract?: string } = {}): Promise<void> {
    this.#page?.crash();
    this.#user = user ?? this.#user;
    this.#contract = contract ?? this.#contract;
    this.#page = await Page.open(this.#browser, this.#user, this.#contract);
  }

  /** Ends the app at once, whatever it is doing; `open` starts it again on the same disk. */
  crash(): void {
    this.#open.crash();
    this.#page = null;
  }

  /** The session is gone from the browser. */
  forget_session(): void {
    this.#browser.cookie = "";
  }

  set_clock({ offset_ms }: { offset_ms: number }): void {
    setClock(offset_ms);
  }

  /** The tasks of the round that are on the phone. */
  async tasks(): Promise<number[]> {
    return (await this.#open.db.tasks.toCollection().primaryKeys()) as number[];
  }

  /** Inspects a device as an engineer does, photo by photo, and finishes; answers when it is saved. */
  async save(command: SaveCommand): Promise<Saved> {
    const { db } = this.#open;
    const task = await db.tasks.get(command.task);
    const draft = await saveDraft(db, command.task, { remark: command.remark ?? "" });
    const due = await checklistOf(db, task!, draft.checklist);
    const answers: NonNullable<DraftPatch["answers"]> = {};
    for (const item of due.items) {
      if (item.kind === "pass_fail") answers[item.key] = { value: "pass" };
    }
    await saveDraft(db, command.task, { answers });
    for (const bytes of command.photos ?? []) await takePhoto(db, command.task, bytes);
    return savedOf(db, (await finishInspection(db, command.task)).uid);
  }

  /** Amends a finished inspection with another remark, and further photos. */
  async amend(command: { uid: string; remark: string; photos?: string[] }): Promise<Saved> {
    const { db } = this.#open;
    const { uid, remark } = command;
    const draft = await amendInspection(db, uid);
    await saveDraft(db, draft.task_id, { remark });
    for (const bytes of command.photos ?? []) await takePhoto(db, draft.task_id, bytes);
    await finishInspection(db, draft.task_id);
    return savedOf(db, uid);
  }

  /**
   * Takes back what was last finished of an inspection, with the unsent signatures over it; null when
   * it has left the phone already.
   */
  async undo({ uid }: { uid: string }): Promise<Undone | null> {
    const { db } = this.#open;
    const operation = (await db.records.get(uid))?.operation_ids.at(-1);
    const signed = await db.self_checks.toArray();
    if (!operation || !(await undoFinish(db, uid))) return null;
    const drafted = await db.photos.where({ uid, state: "draft" }).primaryKeys();
    const kept = await db.self_checks.bulkGet(signed.map((one) => one.uid));
    const dropped = signed.filter((_, place) => !kept[place]);
    return { operation, photos: drafted, signatures: dropped.map((one) => one.operation_id) };
  }

  /** Takes a photo into a task's draft, and leaves it there. */
  async photo(command: { task: number; bytes: string; remark?: string }): Promise<object> {
    const { db } = this.#open;
    const { id, sha256 } = await takePhoto(db, command.task, command.bytes);
    if (command.remark) await saveDraft(db, command.task, { remark: command.remark });
    return { id, sha256 };
  }

  async scan({ code, device }: { code: string; device: number }): Promise<Saved> {
    const { db } = this.#open;
    return savedOf(db, (await recordScan(db, code, device, "expected")).uid);
  }

  /** Signs the self-check of the room that a task is in. */
  async sign({ task }: { task: number }): Promise<Saved> {
    const { db } = this.#open;
    const { round_id, room_id } = (await db.tasks.get(task))!;
    const signature = { strokes: [[[0.1, 0.6], [0.5, 0.2], [0.9, 0.7]]], name: "" };
    return savedOf(db, await signSelfCheck(db, round_id, room_id, signature));
  }

  /** The cases that this phone knows, by uid; of those after hours alone where that is asked for. */
  async cases({ after_hours = false }: { after_hours?: boolean } = {}): Promise<string[]> {
    const views = await caseViews(this.#open.db);
    return views.filter((view) => !after_hours || view.hours).map((view) => view.uid);
  }

  /** Declares a fault of a task's device. */
  async declare(command: { task: number; title: string; photos?: string[] }): Promise<Saved> {
    const { db } = this.#open;
    const { device_id, room_id } = (await db.tasks.get(command.task))!;
    const key = `declare/${command.title}`;
    for (const bytes of command.photos ?? []) await keepCasePhoto(db, key, pictureOf(bytes));
    const { title } = command;
    const fault = { title, text: "", severity: 2, deviceId: device_id, roomId: room_id };
    return savedOf(db, await declareFault(db, fault, key));
  }

  /** Takes one of the steps that a case has now, with something in each field; null when it has none. */
  async step(command: { uid: string; draw: number; photos?: string[] }): Promise<Saved | null> {
    const { db } = this.#open;
    const steps = (await caseView(db, command.uid))?.steps ?? [];
    const step = steps[Math.floor(command.draw * steps.length)];
    if (!step) return null;
    const key = draftKeyOf(command.uid, step.key);
    for (const bytes of command.photos ?? []) await keepCasePhoto(db, key, pictureOf(bytes));
    const given = Object.fromEntries(step.fields.map((field) => [field.key, field.kind === "money" ? "12.50" : "风暴"]));
    return savedOf(db, await takeCaseStep(db, command.uid, step.key, given));
  }

  /** Logs hours on a case after hours. */
  async work({ uid, ...given }: { uid: string } & HoursGiven): Promise<Saved> {
    const { db } = this.#open;
    return savedOf(db, await logHours(db, uid, given));
  }

  /** Takes back what was last done with a case; null when it has left the phone, or more stands on it. */
  async undo_case({ uid }: { uid: string }): Promise<Undone | null> {
    const { db } = this.#open;
    const work = await db.case_works.get(uid);
    if (!work || !(await undoCaseWork(db, uid))) return null;
    const drafted = await db.photos.where({ uid, state: "draft" }).primaryKeys();
    return { operation: work.operation_id, photos: drafted, signatures: [] };
  }

  /** One run of the sender, as the button starts it. */
  async sync(options: RunOptions = {}) {
    await retryRefused(this.#open.db);
    const result = await this.#open.sync(options);
    if (result === null) return { ok: false, acknowledged: 0, failure: { reason: "busy here" } };
    const { failure, ok, acknowledged } = result;
    if (!failure) return { ok, acknowledged, failure: null };
    const { reason, status, code, waitSeconds } = failure;
    return { ok, acknowledged, failure: { reason, status, code, wait_seconds: waitSeconds } };
  }

  /** What the service worker does when the browser wakes it. */
  worker(): Promise<void> {
    return sendOutbox(this.#open.fetch);
  }

  report(): Promise<object> {
    return report(this.#open.db);
  }

  unsent(): Promise<object> {
    return unsentOnPhone(this.#open.db);
  }

  damage({ photo, how }: { photo: string; how: string }): Promise<void> {
    return damagePhoto(this.#open.db, photo, how);
  }

  dump(): Promise<object> {
    return dump(this.#open.db);
  }

  /** The rescue file, as base64. */
  async rescue(): Promise<object> {
    const { name, blob, records, photos } = await makeRescueFile(this.#open.db);
    return { name, records, photos, zip: Buffer.from(await blob.arrayBuffer()).toString("base64") };
  }
}

async function takePhoto(db: UserDatabase, taskId: number, base64: string) {
  return keepPhoto(db, taskId, WHOLE, pictureOf(base64));
}

function pictureOf(base64: string) {
  const bytes = new Uint8Array(Buffer.from(base64, "base64")).buffer;
  const small = { buf: bytes.slice(0, 64), type: "image/jpeg", width: 8, height: 8 };
  return { buf: bytes, type: "image/jpeg", width: 64, height: 64, thumb: small };
}

async function savedOf(db: UserDatabase, uid: string): Promise<Saved> {
  // Ids don't tell which is the last: the phone's clock may have been put back.
  const last = (await db.records.get(uid))?.operation_ids.at(-1);
  const [only] = await db.outbox.where("uid").equals(uid).toArray();
  const { id, hash } = last ? (await db.outbox.get(last))! : only!;
  const photos = await db.photos.where("uid").equals(uid).toArray();
  const listed = photos.filter((photo) => photo.state !== "withdrawn" && photo.state !== "draft");
  return {
    uid,
    operation: { id, hash },
    photos: listed.map(({ id, sha256 }) => ({ id, sha256 })),
  };
}
