import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { apiDocs } from "./vite/api-docs.ts";
import { dexie, groups } from "./vite/chunks.ts";
import { precompress } from "./vite/precompress.ts";
import { preloads } from "./vite/preloads.ts";
import { serviceWorker } from "./vite/service-worker.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const base = "/static/app/";
const outDir = path("../../static/app");
const statics = ["icons/favicon.svg", "icons/icon-192.png"];
const version = JSON.parse(readFileSync(path("package.json"), "utf-8")).version as string;

export default defineConfig({
  base,
  define: { __APP_VERSION__: JSON.stringify(version) },
  plugins: [
    svelte(),
    apiDocs(outDir),
    preloads(outDir, "/src/views/phone/Home.svelte"),
    serviceWorker({
      entry: path("src/main.ts"),
      source: path("../../static/sw.js"),
      outDir,
      base,
      version,
      leaveOut: /\/src\/(views\/(desk\/|kit\/|link\/|Kit\.svelte)|i18n\/((zh|en)\/)?(desk(?!_cases)(_\w+)?|link)\.ts)/,
      extra: statics.map((file) => [`/static/${file}`, readFileSync(path(`../../static/${file}`))]),
    }),
    precompress(outDir),
  ],
  resolve: { alias: [dexie] },
  build: {
    outDir,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups } } },
    reportCompressedSize: true,
  },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  test: { environment: "node", include: ["src/**/*.test.ts"], restoreMocks: true, testTimeout: 30_000 },
});
