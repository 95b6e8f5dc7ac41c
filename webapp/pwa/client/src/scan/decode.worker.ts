/** Reads QR codes by zxing, off the page's thread; its WebAssembly is one of our own files. */
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm?url";
import type { DecodeAnswer, DecodeRequest } from "./decode";

prepareZXingModule({ overrides: { locateFile: () => wasmUrl } });

let canvas: OffscreenCanvas | null = null;

addEventListener("message", ({ data }: MessageEvent<DecodeRequest>) => {
  read(data).then(
    (texts) => answer({ id: data.id, texts }),
    (error: unknown) => answer({ id: data.id, error: String(error) }),
  );
});

function answer(message: DecodeAnswer): void {
  postMessage(message);
}

async function read({ frame, thorough }: DecodeRequest): Promise<string[]> {
  const image = frame instanceof ImageData ? frame : pixelsOf(frame);
  const results = await readBarcodes(image, {
    formats: ["QRCode"],
    tryHarder: thorough,
    tryInvert: thorough,
    maxNumberOfSymbols: thorough ? 8 : 1,
  });
  return results.filter((result) => result.isValid).map((result) => result.text);
}

function pixelsOf(frame: ImageBitmap): ImageData {
  const { width, height } = frame;
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no 2d context");
  context.drawImage(frame, 0, 0);
  frame.close();
  return context.getImageData(0, 0, width, height);
}
