/**
 * Bundles `webapp/static/sw.js` with the list of files that the phone keeps for offline work.
 *
 * The list holds the shell, every chunk that the phone's screens can reach, the workers and the
 * scanner's WebAssembly. The desk's chunks are left out: a phone never loads them.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { build, type Plugin, type Rollup } from "vite";
import { dexie } from "./chunks.ts";

interface PrecacheEntry {
  url: string;
  revision: string | null;
}

interface Options {
  /** The client's first module; the chunk that holds it needn't be the entry's own. */
  entry: string;
  /** The worker's source file. */
  source: string;
  /** The folder the build writes to. */
  outDir: string;
  /** Where the built files are served, with a slash at the end. */
  base: string;
  /** What the worker tells the server that it is. */
  version: string;
  /** Chunks whose own module matches are not kept on the phone. */
  leaveOut: RegExp;
  /** Served files from outside the build that the phone needs too, as `[url, content]`. */
  extra: [string, Buffer][];
}

const client = fileURLToPath(new URL("..", import.meta.url));

export function serviceWorker(options: Options): Plugin {
  let entries: PrecacheEntry[] = [];
  return {
    name: "roundbook-service-worker",
    apply: "build",
    writeBundle(_, bundle) {
      entries = listEntries(bundle, options);
    },
    async closeBundle() {
      if (entries.length > 0) await buildWorker(options, entries);
    },
  };
}

function listEntries(bundle: Rollup.OutputBundle, options: Options): PrecacheEntry[] {
  const kept = reachable(bundle, options);
  const built = [...kept].sort().map((file) => ({ url: options.base + file, revision: null }));
  const shell = bundle["index.html"];
  if (shell?.type !== "asset") throw new Error("The build made no index.html");
  return [
    { url: `${options.base}index.html`, revision: digest(shell.source) },
    ...built,
    ...options.extra.map(([url, content]) => ({ url, revision: digest(content) })),
  ];
}

function reachable(bundle: Rollup.OutputBundle, options: Options): Set<string> {
  const kept = new Set<string>();
  const visit = (file: string, importer: string | null) => {
    const chunk = bundle[file];
    if (kept.has(file) || chunk?.type !== "chunk") return;
    const out = chunk.moduleIds.find((id) => options.leaveOut.test(id));
    // Without what it imports a kept chunk can't start: offline the screen would be missing.
    if (out && importer) throw new Error(`${importer} is kept on the phone and needs ${file}, which holds ${out}`);
    if (out) return;
    kept.add(file);
    chunk.viteMetadata?.importedCss.forEach((css) => kept.add(css));
    chunk.imports.forEach((one) => visit(one, file));
    chunk.dynamicImports.forEach((one) => visit(one, null));
  };
  const holds = (output: Rollup.OutputAsset | Rollup.OutputChunk) =>
    output.type === "chunk" && output.moduleIds.includes(options.entry);
  const root = Object.values(bundle).find(holds);
  if (!root) throw new Error(`The build made nothing of ${options.entry}`);
  visit(root.fileName, null);
  for (const [file, output] of Object.entries(bundle)) {
    // Workers are written as assets that end in .js; nothing on the desk has one of its own.
    if (output.type === "asset" && /\.(wasm|js)$/.test(file)) kept.add(file);
  }
  return kept;
}

async function buildWorker(options: Options, entries: PrecacheEntry[]): Promise<void> {
  await build({
    configFile: false,
    root: client,
    logLevel: "warn",
    publicDir: false,
    define: {
      "self.__WB_MANIFEST": JSON.stringify(entries),
      "process.env.NODE_ENV": '"production"',
      __APP_VERSION__: JSON.stringify(options.version),
    },
    resolve: {
      alias: [
        dexie,
        { find: "@client", replacement: `${client}src` },
        { find: /^workbox-/, replacement: `${client}node_modules/workbox-` },
      ],
    },
    build: {
      outDir: options.outDir,
      emptyOutDir: false,
      lib: { entry: options.source, formats: ["iife"], name: "roundbook", fileName: () => "sw.js" },
    },
  });
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}
