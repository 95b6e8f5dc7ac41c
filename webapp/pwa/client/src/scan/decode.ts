/**
 * From a picture to what its QR codes say: by the browser's own BarcodeDetector where it really
 * reads QR, else by zxing in a worker. Only what `parseLabel` takes for one of our codes counts.
 */
import { parseLabel } from "../rules/label";

export type Frame = ImageBitmap;

/** Reads a frame: the texts of the codes in it. The frame is closed. */
export type Reader = (frame: Frame) => Promise<string[]>;

interface Detector {
  detect(source: ImageBitmapSource): Promise<{ rawValue: string }[]>;
}

interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats?(): Promise<string[]>;
}

export interface DecodeRequest {
  id: number;
  frame: ImageData | Frame;
  thorough: boolean;
}

export type DecodeAnswer = { id: number; texts: string[] } | { id: number; error: string };

let detector: Promise<Detector | null> | undefined;
let worker: Worker | undefined;
let nextId = 1;
const waiting = new Map<number, (answer: DecodeAnswer) => void>();

/** The best reader of this browser: asked for anew when it fails, for the next best stands then. */
export async function frameReader(): Promise<Reader> {
  const native = await nativeDetector();
  if (!native) return (frame) => readInWorker(frame, false);
  return async (frame) => {
    try {
      return (await native.detect(frame)).map((code) => code.rawValue);
    } catch (error) {
      // Some browsers promise QR and then fail at every frame: from here on zxing reads.
      detector = Promise.resolve(null);
      throw error;
    } finally {
      frame.close();
    }
  };
}

/** Loads the reader before it is needed, so that the first hit comes at once. */
export async function warmUp(): Promise<void> {
  if (!(await nativeDetector())) startWorker();
}

/** The label code in a photo; null when there is none of ours. Takes its time over it. */
export async function decodePhoto(photo: Blob): Promise<string | null> {
  const native = await nativeDetector();
  if (native) {
    const bitmap = await createImageBitmap(photo);
    try {
      const found = labelIn((await native.detect(bitmap)).map((code) => code.rawValue));
      if (found) return found;
    } catch {
      // zxing has a try below.
    } finally {
      bitmap.close();
    }
  }
  return labelIn(await readInWorker(await createImageBitmap(photo), true));
}

/** The first of the texts that is a label of ours, as its code. */
export function labelIn(texts: readonly string[]): string | null {
  for (const text of texts) {
    const code = parseLabel(text);
    if (code !== null) return code;
  }
  return null;
}

function nativeDetector(): Promise<Detector | null> {
  detector ??= makeDetector();
  return detector;
}

async function makeDetector(): Promise<Detector | null> {
  const Native = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  try {
    const formats = (await Native?.getSupportedFormats?.()) ?? [];
    return Native && formats.includes("qr_code") ? new Native({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}

function startWorker(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./decode.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<DecodeAnswer>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  });
  worker.addEventListener("error", () => {
    for (const [id, tell] of waiting) tell({ id, error: "worker failed" });
    waiting.clear();
    worker?.terminate();
    worker = undefined;
  });
  return worker;
}

async function readInWorker(frame: Frame, thorough: boolean): Promise<string[]> {
  const id = nextId++;
  const target = startWorker();
  const answer = await new Promise<DecodeAnswer>((resolve) => {
    waiting.set(id, resolve);
    target.postMessage({ id, frame, thorough } satisfies DecodeRequest, [frame]);
  });
  if ("error" in answer) throw new Error(answer.error);
  return answer.texts;
}
