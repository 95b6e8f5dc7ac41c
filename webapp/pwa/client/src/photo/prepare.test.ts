import { expect, test } from "vitest";
import { fit, toPicture } from "./prepare";

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
