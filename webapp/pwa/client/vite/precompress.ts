import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const compressible = /\.(js|css|html|json|svg|wasm)$/;
// Below this a smaller body saves no packet.
const LEAST_BYTES = 860;
// Brotli's hardest setting takes seconds for what is larger, and gains little over the one before.
const LARGE_BYTES = 200_000;
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;

/**
 * Writes each text of the build a second and third time, as `.br` and `.gz`: the server only picks
 * one (`webapp/pwa/views.py`), and no server could compress as hard at run time.
 */
export function precompress(outDir: string): Plugin {
  return {
    name: "precompress",
    apply: "build",
    // After the service worker has been written too.
    closeBundle: { order: "post", sequential: true, handler: () => compressAll(outDir) },
  };
}

async function compressAll(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true, encoding: "utf-8" });
  const files = names.filter((name) => compressible.test(name)).map((name) => join(folder, name));
  await Promise.all(files.map(compress));
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file);
  if (content.length < LEAST_BYTES) return;
  const params = {
    [BROTLI_PARAM_QUALITY]: content.length > LARGE_BYTES ? 9 : 11,
    [BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  const forms = {
    gz: promisify(gzip)(content, { level: 9 }),
    br: promisify(brotliCompress)(content, { params }),
  };
  for (const [suffix, form] of Object.entries(forms)) {
    const smaller = await form;
    if (smaller.length < content.length) await writeFile(`${file}.${suffix}`, smaller);
  }
}
