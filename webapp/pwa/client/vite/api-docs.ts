import { cpSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const files = ["swagger-ui-bundle.js", "swagger-ui.css"];

/** Copies the page that shows the API's document, so that it works without any other server. */
export function apiDocs(outDir: string): Plugin {
  return {
    name: "api-docs",
    apply: "build",
    closeBundle() {
      const from = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
      const to = join(outDir, "docs");
      mkdirSync(to, { recursive: true });
      for (const file of files) cpSync(join(from, file), join(to, file));
    },
  };
}
