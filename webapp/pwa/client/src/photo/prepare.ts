/**
 * Makes a picture fit to keep: at most 1600 px, upright, JPEG, without position or other EXIF.
 * In a worker where the browser can, else on the page.
 */
import { PhotoUnreadableError } from "../db/errors";

export const LONGEST_SIDE = 1600;
export const THUMB_SIDE = 320;
export const QUALITY = 0.82;
export const THUMB_QUALITY = 0.7;
/** A worker that says nothing for so long never will: the photo is made on the page. */
export const PATIENCE_MS = 8_000;

export interface Picture {
  buf: ArrayBuffer;
  type: string;
  width: number;
  height: number;
}

export interface PreparedPhoto extends Picture {
  thumb: Picture;
}

export interface PrepareRequest {
  id: number;
  blob: Blob;
}

export type PrepareAnswer =
  | { id: number; ok: true; photo: PreparedPhoto }
  | { id: number; ok: false; error: string };

let worker: Worker | null | undefined;
let nextId = 1;

/** @throws PhotoUnreadableError when the browser can't read the picture */
export async function preparePhoto(blob: Blob): Promise<PreparedPhoto> {
  const inWorker = startWorker();
  if (inWorker) {
    try {
      return await ask(inWorker, blob);
    } catch {
      // The page has one more way to read a picture: an <img>, which knows more formats.
    }
  }
  return onPage(blob);
}

/** The size that fits into a square of `longest`, never larger than it is. */
export function fit(width: number, height: number, longest: number): [number, number] {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

function startWorker(): Worker | null {
  if (worker !== undefined) return worker;
  const able = typeof OffscreenCanvas !== "undefined" && typeof createImageBitmap === "function";
  worker = able
    ? new Worker(new URL("./prepare.worker.ts", import.meta.url), { type: "module" })
    : null;
  return worker;
}

function ask(target: Worker, blob: Blob): Promise<PreparedPhoto> {
  const id = nextId++;
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      target.removeEventListener("message", onAnswer);
      target.removeEventListener("error", onError);
    };
    const onAnswer = ({ data }: MessageEvent<PrepareAnswer>) => {
      if (data.id !== id) return;
      done();
      if (data.ok) resolve(data.photo);
      else reject(new Error(data.error));
    };
    // A worker that can't even start (an old module worker, or one that was never loaded) is not asked again.
    const onError = (reason: unknown) => {
      done();
      worker = null;
      target.terminate();
      reject(reason);
    };
    const timer = setTimeout(() => onError(new Error("no answer")), PATIENCE_MS);
    target.addEventListener("message", onAnswer);
    target.addEventListener("error", onError);
    target.postMessage({ id, blob } satisfies PrepareRequest);
  });
}

async function onPage(blob: Blob): Promise<PreparedPhoto> {
  const url = URL.createObjectURL(blob);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const photo = await draw(image, LONGEST_SIDE, QUALITY);
    return { ...photo, thumb: await draw(image, THUMB_SIDE, THUMB_QUALITY) };
  } catch (error) {
    throw new PhotoUnreadableError(error);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** An <img> is drawn upright by every browser: its EXIF orientation is applied. */
async function draw(image: HTMLImageElement, longest: number, quality: number): Promise<Picture> {
  const [width, height] = fit(image.naturalWidth, image.naturalHeight, longest);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no 2d context");
  context.drawImage(image, 0, 0, width, height);
  const blob = await new Promise<Blob | null>((resolve) =>
    canvas.toBlob(resolve, "image/jpeg", quality),
  );
  return toPicture(blob, width, height);
}

/** The type is what the browser made, not what was asked for: WebKit makes PNG of what it can't. */
export async function toPicture(
  blob: Blob | null,
  width: number,
  height: number,
): Promise<Picture> {
  if (!blob || blob.size === 0) throw new Error("the browser made no picture");
  if (blob.type !== "image/jpeg" && blob.type !== "image/png") {
    throw new Error(`the browser made ${blob.type}`);
  }
  return { buf: await blob.arrayBuffer(), type: blob.type, width, height };
}
