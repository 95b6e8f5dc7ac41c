import { expect, test, vi } from "vitest";
import { PhotoUnreadableError } from "../db/errors";
import { fit, PATIENCE_MS, preparePhoto, toPicture } from "./prepare";

test("a picture is shrunk to its longest side, and never enlarged", () => {
  expect(fit(4000, 3000, 1600)).toEqual([1600, 1200]);
  expect(fit(3000, 4000, 1600)).toEqual([1200, 1600]);
  expect(fit(800, 600, 1600)).toEqual([800, 600]);
  expect(fit(9000, 3, 1600)).toEqual([1600, 1]);
});

test("what the browser made is looked at, not what it was asked for", async () => {
  const png = new Blob(["x"], { type: "image/png" });
  expect((await toPicture(png, 1, 1)).type).toBe("image/png");
  await expect(toPicture(new Blob(["x"], { type: "image/bmp" }), 1, 1)).rejects.toThrow("image/bmp");
  await expect(toPicture(null, 1, 1)).rejects.toThrow("no picture");
  await expect(toPicture(new Blob([], { type: "image/jpeg" }), 1, 1)).rejects.toThrow("no picture");
});

test("a worker that never answers is given up, and the page makes the photo", async () => {
  vi.useFakeTimers();
  const terminate = vi.fn();
  class Silent extends EventTarget {
    postMessage = vi.fn();
    terminate = terminate;
  }
  for (const [name, value] of Object.entries({ Worker: Silent, OffscreenCanvas: Silent, createImageBitmap: () => null })) {
    vi.stubGlobal(name, value);
  }
  // There is no <img> here: that the page was asked shows by what it says.
  const asked = expect(preparePhoto(new Blob(["x"]))).rejects.toBeInstanceOf(PhotoUnreadableError);
  await vi.advanceTimersByTimeAsync(PATIENCE_MS);
  await asked;
  expect(terminate).toHaveBeenCalledOnce();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
