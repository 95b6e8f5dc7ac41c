import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "vite";

/**
 * Writes `preloads.json`: the files of the phone's home, so that the server can name them with the
 * shell (`webapp/pwa/views.py`) and the first visit needn't find them out one after the other.
 */
export function preloads(outDir: string, view: string): Plugin {
  return {
    name: "preloads",
    apply: "build",
    async writeBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
      const chunk = chunks.find((one) => one.moduleIds.some((id) => id.endsWith(view)));
      if (!chunk) throw new Error(`The build has no ${view}`);
      const files = [chunk.fileName, ...(chunk.viteMetadata?.importedCss ?? [])];
      await writeFile(join(outDir, "preloads.json"), JSON.stringify(files));
    },
  };
}
