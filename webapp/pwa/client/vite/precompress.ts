import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const compressible = /\.(js|css|html|json|svg|wasm)$/;
// Below this a smaller body saves no packet.
const LEAST_BYTES = 860;

/**
 * Writes each text of the build a second and third time, as `.br` and `.gz`: the server only picks
 * one (`webapp/pwa/views.py`), and compresses as hard as no server would at run time.
 */
export function precompress(outDir: string): Plugin {
  return {
    name: "precompress",
    apply: "build",
    // After the service worker has been written too.
    closeBundle: { order: "post", sequential: true, handler: () => compressAll(outDir) },
  };
}

function compressAll(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf-8" })) {
    const file = join(folder, name);
    if (!compressible.test(name) || statSync(file).size < LEAST_BYTES) continue;
    const content = readFileSync(file);
    writeSmaller(`${file}.gz`, gzipSync(content, { level: 9 }), content);
    writeSmaller(`${file}.br`, brotli(content), content);
  }
}

function brotli(content: Buffer): Buffer {
  return brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
}

function writeSmaller(path: string, compressed: Buffer, content: Buffer): void {
  if (compressed.length < content.length) writeFileSync(path, compressed);
}
