/** The photos of an inspection on the screen: taking, looking at, and dropping them. */
import { addPhoto, annotatePhoto, type PhotoInfo, type PhotoTarget, removePhoto, restorePhoto } from "../db";
import { formatMoment, t } from "../i18n";
import { saving } from "./phone-saving";
import { pictures } from "./phone-pictures.svelte";
import { toasts } from "./toast.svelte";

export interface ShownPhoto {
  id: string;
  src: string;
  alt: string;
}

interface Capture {
  target: Partial<PhotoTarget>;
  title: string;
  /** Last month's photo, to be laid over the camera. */
  ghostId: string | null;
  replaces: string | null;
}

interface Shown {
  photos: PhotoInfo[];
  /** Ids of last month's photos, by item. */
  last: Readonly<Record<string, string>>;
}

/** Made while a component is set up: it loads pictures for as long as that lives. */
export class InspectionPhotos {
  capturing = $state(false);
  capture = $state.raw<Capture>({ target: {}, title: "", ghostId: null, replaces: null });
  looking = $state(false);
  lookIndex = $state(0);
  #looked = $state.raw<{ ids: string[]; before: string | null }>({ ids: [], before: null });
  readonly #taskId: number;
  readonly #shown: () => Shown;
  readonly #settle: () => Promise<void>;
  readonly #taken: (target: Partial<PhotoTarget>) => void;
  readonly #thumbs;
  readonly #fulls;

  /**
   * @param settle waits until what was typed before is on the phone
   * @param taken is told of each photo that is on the phone
   */
  constructor(
    taskId: number,
    shown: () => Shown,
    settle: () => Promise<void>,
    taken: (target: Partial<PhotoTarget>) => void = () => {},
  ) {
    this.#taken = taken;
    this.#taskId = taskId;
    this.#shown = shown;
    this.#settle = settle;
    this.#thumbs = pictures(() => {
      const { photos, last } = shown();
      return [...photos.map((photo) => photo.id), ...Object.values(last)];
    });
    this.#fulls = pictures(() => this.#looked.ids, "full");
  }

  /** The photos of an item, a finding or an open item; of the whole without any. */
  of(target: Partial<PhotoTarget>, name: string): ShownPhoto[] {
    const { item = null, finding = null, open_item = null } = target;
    const own = this.#shown().photos.filter(
      (photo) => photo.item === item && photo.finding === finding && photo.open_item === open_item,
    );
    return own.map((photo) => ({
      id: photo.id,
      src: this.#thumbs.of(photo.id),
      alt: [name, formatMoment(photo.taken_at)].filter(Boolean).join(" "),
    }));
  }

  /** The address of last month's photo of an item; "" where there is none. */
  last(item: string): string {
    const id = this.#shown().last[item];
    return id ? this.#thumbs.of(id) : "";
  }

  /** @param replaces a photo that goes as soon as the new one is on the phone */
  shoot(target: Partial<PhotoTarget>, title: string, replaces: string | null = null): void {
    const ghostId = target.item ? (this.#shown().last[target.item] ?? null) : null;
    this.capture = { target, title, ghostId, replaces };
    this.capturing = true;
  }

  look(list: readonly { id: string }[], index: number, item?: string): void {
    const before = item ? (this.#shown().last[item] ?? null) : null;
    this.#looked = { ids: list.map((photo) => photo.id), before };
    this.lookIndex = index;
    this.looking = true;
  }

  lookAtLast(item: string): void {
    const id = this.#shown().last[item];
    if (id) this.look([{ id }], 0);
  }

  /** What the lightbox shows: sharp as soon as it is loaded, small until then. */
  get lightbox(): (ShownPhoto & { before?: string })[] {
    const { ids, before } = this.#looked;
    return ids.map((id) => ({
      id,
      src: this.#fulls.of(id) || this.#thumbs.of(id),
      alt: t("photo.open"),
      before: (before && this.#thumbs.of(before)) || undefined,
    }));
  }

  /** @throws NotSavedError, PhotoUnreadableError */
  async keep(blob: Blob): Promise<PhotoInfo> {
    await this.#settle();
    const { target, replaces } = this.capture;
    const photo = await addPhoto(this.#taskId, target, blob);
    if (replaces) {
      await removePhoto(replaces);
      this.capture = { ...this.capture, replaces: null };
    }
    this.#taken(target);
    return photo;
  }

  annotate(photo: PhotoInfo, blob: Blob): Promise<PhotoInfo> {
    return annotatePhoto(photo.id, blob);
  }

  /** Takes a photo away, to be taken anew: nothing is said of it. */
  async retake(id: string): Promise<void> {
    await saving(removePhoto(id));
  }

  async drop(id: string): Promise<void> {
    await saving(removePhoto(id));
    toasts.show(t("capture.removed"), {
      action: { label: t("action.undo"), run: () => void saving(restorePhoto(id)) },
    });
  }
}
