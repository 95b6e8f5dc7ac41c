/** The camera as a label reader: continuous, frugal, and quiet about a label it has just read. */
import { frameReader, labelIn, type Reader } from "./decode";
import { Seen } from "./seen";

/** `denied`: not allowed · `none`: no camera · `busy`: another app has it · `insecure`: no HTTPS. */
export class CameraError extends Error {
  readonly reason: "denied" | "none" | "busy" | "insecure";

  constructor(reason: CameraError["reason"], cause?: unknown) {
    super(`camera_${reason}`, { cause });
    this.name = "CameraError";
    this.reason = reason;
  }
}

export interface ScannerOptions {
  /** The camera has paused by itself, or runs again. */
  onIdle?: (idle: boolean) => void;
  /** Seconds without a code until it pauses; 60 unless told. */
  idleSeconds?: number;
  /** The camera was taken away, as by a phone call: `resume` asks for it again. */
  onLost?: () => void;
}

export interface Range {
  min: number;
  max: number;
  step: number;
  value: number;
}

/** What cameras can do beyond what TypeScript knows. */
interface Extras {
  torch?: boolean;
  zoom?: { min: number; max: number; step: number };
}

const IDLE_SECONDS = 60;
/** The longest side of a frame that is read: a 25 mm label at arm's length is sharp enough. */
const FRAME_SIDE = 1280;
/** Between two frames: about 12 a second leave the phone cool. */
const PAUSE_MS = 60;

/**
 * Opens the rear camera in `video` (which must be muted and playsinline) and reads labels from it.
 * `onCode` is called once while a code stays in view; `code` is null for a QR code that is no
 * label of ours.
 *
 * @throws CameraError
 */
export async function startScanner(
  video: HTMLVideoElement,
  onCode: (code: string | null, text: string) => void,
  options: ScannerOptions = {},
): Promise<Scanner> {
  const scanner = new Scanner(video, onCode, options);
  await scanner.resume();
  return scanner;
}

export class Scanner {
  readonly #video: HTMLVideoElement;
  readonly #onCode: (code: string | null, text: string) => void;
  readonly #options: ScannerOptions;
  readonly #seen = new Seen();
  #stream: MediaStream | null = null;
  #reader: Reader | null = null;
  #opening: Promise<void> | null = null;
  #turn = 0;
  #lastHit = 0;
  #idle = false;
  #ended = false;

  constructor(
    video: HTMLVideoElement,
    onCode: (code: string | null, text: string) => void,
    options: ScannerOptions,
  ) {
    this.#video = video;
    this.#onCode = onCode;
    this.#options = options;
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  /** Whether it has paused; `resume` wakes it. */
  get idle(): boolean {
    return this.#idle;
  }

  /** Whether the camera has a light that can be switched. */
  get torch(): boolean {
    return this.#capabilities().torch === true;
  }

  /** The camera's zoom; null where it has none. */
  get zoom(): Range | null {
    const range = this.#capabilities().zoom;
    if (!range || range.max <= range.min) return null;
    const settings = this.#track()?.getSettings() as { zoom?: number } | undefined;
    return { ...range, value: settings?.zoom ?? range.min };
  }

  async setTorch(on: boolean): Promise<void> {
    await this.#constrain({ torch: on });
  }

  async setZoom(value: number): Promise<void> {
    await this.#constrain({ zoom: value });
  }

  /** The label in view may be read again at once, as after its sheet was closed. */
  forget(): void {
    this.#seen.clear();
  }

  /** Lets the camera go; the picture stands still. */
  pause(): void {
    if (this.#idle && !this.#stream) return;
    this.#turn++;
    this.#release();
    this.#setIdle(true);
  }

  /** Opens the camera, or opens it again. @throws CameraError */
  resume(): Promise<void> {
    if (this.#ended || this.#stream) return Promise.resolve();
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    return this.#opening;
  }

  /** Ends for good. */
  stop(): void {
    this.#ended = true;
    this.#turn++;
    this.#release();
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }

  async #open(): Promise<void> {
    const [stream, reader] = await Promise.all([openCamera(), frameReader()]);
    if (this.#ended) return stream.getTracks().forEach((track) => track.stop());
    this.#stream = stream;
    this.#reader = reader;
    this.#track()?.addEventListener("ended", () => this.#onLost());
    this.#video.srcObject = stream;
    await this.#video.play().catch(() => undefined);
    this.#lastHit = performance.now();
    this.#setIdle(false);
    void this.#loop(++this.#turn);
  }

  async #loop(turn: number): Promise<void> {
    while (turn === this.#turn) {
      await this.#nextFrame();
      if (turn !== this.#turn) return;
      await this.#readFrame(turn);
      const idleMs = (this.#options.idleSeconds ?? IDLE_SECONDS) * 1000;
      if (performance.now() - this.#lastHit > idleMs) return this.pause();
    }
  }

  #nextFrame(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(() => {
        if (!("requestVideoFrameCallback" in this.#video)) return resolve();
        // A stalled camera gives no frame; the timer keeps the loop alive.
        const late = setTimeout(resolve, 500);
        this.#video.requestVideoFrameCallback(() => {
          clearTimeout(late);
          resolve();
        });
      }, PAUSE_MS);
    });
  }

  async #readFrame(turn: number): Promise<void> {
    if (this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !this.#reader) return;
    try {
      const texts = await this.#reader(await grab(this.#video));
      if (turn === this.#turn) this.#report(texts);
    } catch {
      // One frame less; a reader that has failed for good is replaced by the next.
      this.#reader = await frameReader();
    }
  }

  #report(texts: readonly string[]): void {
    const now = performance.now();
    const code = labelIn(texts);
    const text = texts[0];
    if (text === undefined) return;
    this.#lastHit = now;
    if (this.#seen.isNew(code ?? text, now)) this.#onCode(code, text);
  }

  readonly #onVisibility = (): void => {
    if (document.visibilityState === "hidden") this.pause();
    else if (this.#idle) void this.resume().catch(() => this.#options.onLost?.());
  };

  #onLost(): void {
    this.#turn++;
    this.#release();
    this.#setIdle(true);
    this.#options.onLost?.();
  }

  #release(): void {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
  }

  #setIdle(idle: boolean): void {
    if (this.#idle === idle) return;
    this.#idle = idle;
    this.#options.onIdle?.(idle);
  }

  #track(): MediaStreamTrack | undefined {
    return this.#stream?.getVideoTracks()[0];
  }

  #capabilities(): Extras {
    return (this.#track()?.getCapabilities?.() ?? {}) as Extras;
  }

  /** Not every camera keeps its word about what it can; a refusal changes nothing. */
  async #constrain(extra: { torch?: boolean; zoom?: number }): Promise<void> {
    const advanced = [extra as MediaTrackConstraintSet];
    await this.#track()
      ?.applyConstraints({ advanced })
      .catch(() => undefined);
  }
}

async function openCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("insecure");
  const video = {
    facingMode: { ideal: "environment" },
    width: { ideal: 1920 },
    height: { ideal: 1080 },
  };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video });
  } catch (error) {
    throw new CameraError(reasonOf((error as DOMException).name), error);
  }
}

function reasonOf(name: string): CameraError["reason"] {
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "none";
}

/** The frame in view, shrunk where the camera gives more than reading needs. */
function grab(video: HTMLVideoElement): Promise<ImageBitmap> {
  const longest = Math.max(video.videoWidth, video.videoHeight);
  if (longest <= FRAME_SIDE) return createImageBitmap(video);
  return createImageBitmap(video, {
    resizeWidth: Math.round((video.videoWidth * FRAME_SIDE) / longest),
    resizeHeight: Math.round((video.videoHeight * FRAME_SIDE) / longest),
    resizeQuality: "medium",
  });
}
