/** Shrinks pictures off the page's thread; see `prepare.ts`. */
import {
  fit,
  LONGEST_SIDE,
  type Picture,
  type PrepareAnswer,
  type PrepareRequest,
  type PreparedPhoto,
  QUALITY,
  THUMB_QUALITY,
  THUMB_SIDE,
  toPicture,
} from "./prepare";

addEventListener("message", ({ data }: MessageEvent<PrepareRequest>) => {
  prepare(data.blob).then(
    (photo) => answer({ id: data.id, ok: true, photo }, [photo.buf, photo.thumb.buf]),
    (error: unknown) => answer({ id: data.id, ok: false, error: String(error) }, []),
  );
});

function answer(message: PrepareAnswer, transfer: Transferable[]): void {
  postMessage(message, { transfer });
}

async function prepare(blob: Blob): Promise<PreparedPhoto> {
  const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
  try {
    const photo = await draw(bitmap, LONGEST_SIDE, QUALITY);
    return { ...photo, thumb: await draw(bitmap, THUMB_SIDE, THUMB_QUALITY) };
  } finally {
    bitmap.close();
  }
}

async function draw(bitmap: ImageBitmap, longest: number, quality: number): Promise<Picture> {
  const [width, height] = fit(bitmap.width, bitmap.height, longest);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("no 2d context");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return toPicture(await canvas.convertToBlob({ type: "image/jpeg", quality }), width, height);
}
