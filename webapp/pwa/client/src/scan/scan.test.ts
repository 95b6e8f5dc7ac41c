import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DecodeAnswer, DecodeRequest } from "./decode";
import { labelIn } from "./decode";
import { Seen } from "./seen";

test("only a code of ours counts, whatever else the camera reads", () => {
  expect(labelIn(["https://evil.example/login", "hello"])).toBeNull();
  expect(labelIn(["WIFI:S:guest;;", "HTTPS://ROUNDS.EXAMPLE/D/22222222"])).toBe("22222222");
  expect(labelIn([])).toBeNull();
});

test("a label in view is told once, and again after it has been away or was forgotten", () => {
  const seen = new Seen();
  expect([0, 100, 2_000, 4_400].map((at) => seen.isNew("A", at))).toEqual([true, false, false, false]);
  expect(seen.isNew("A", 6_950)).toBe(true);
  expect(seen.isNew("B", 7_000)).toBe(true);
  expect(seen.isNew("A", 7_050)).toBe(true);
  seen.clear();
  expect(seen.isNew("A", 7_060)).toBe(true);
});

/** zxing's worker, as far as the page sees it: it reads the same label in every frame. */
class FakeWorker extends EventTarget {
  postMessage({ id }: DecodeRequest): void {
    const data: DecodeAnswer = { id, texts: ["by zxing"] };
    queueMicrotask(() => this.dispatchEvent(Object.assign(new Event("message"), { data })));
  }
  terminate(): void {}
}

function browserReads(formats: string[], detect: () => Promise<{ rawValue: string }[]>): void {
  class Native {
    static getSupportedFormats = () => Promise.resolve(formats);
    detect = detect;
  }
  vi.stubGlobal("BarcodeDetector", Native);
}

const frame = () => ({ close: vi.fn() }) as unknown as ImageBitmap;

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("Worker", FakeWorker);
});
afterEach(() => vi.unstubAllGlobals());

test("the browser's own detector reads where there is one, and each frame is closed", async () => {
  browserReads(["qr_code"], () => Promise.resolve([{ rawValue: "by itself" }]));
  const { frameReader } = await import("./decode");
  const seen = frame();
  expect(await (await frameReader())(seen)).toEqual(["by itself"]);
  expect(seen.close).toHaveBeenCalledOnce();
});

test("zxing reads where there is no detector, or one that knows no QR codes", async () => {
  const first = await import("./decode");
  expect(await (await first.frameReader())(frame())).toEqual(["by zxing"]);
  vi.resetModules();
  browserReads(["ean_13"], () => Promise.resolve([]));
  const second = await import("./decode");
  expect(await (await second.frameReader())(frame())).toEqual(["by zxing"]);
});

test("a detector that promised QR codes and fails is replaced by zxing", async () => {
  browserReads(["qr_code"], () => Promise.reject(new Error("Barcode detection service unavailable.")));
  const { frameReader } = await import("./decode");
  const seen = frame();
  await expect((await frameReader())(seen)).rejects.toThrow("unavailable");
  expect(seen.close).toHaveBeenCalledOnce();
  expect(await (await frameReader())(frame())).toEqual(["by zxing"]);
});
