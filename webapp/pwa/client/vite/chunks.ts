/**
 * Which modules are put together. Left alone the bundler makes a chunk of every set of modules that
 * some screens share: 37 files before a phone's home, where each answer costs a kilobyte of headers
 * and each step of the chain a round trip.
 *
 * `index` is the shell with the sign-in and the parts that the home shares with other screens;
 * `phone` is the home with the database and the sender, which the desk never loads. The rest splits
 * itself.
 */
import { fileURLToPath } from "node:url";
import type { Rollup } from "vite";

interface Graph {
  getModuleInfo(id: string): Pick<Rollup.ModuleInfo, "importedIds"> | null;
}

const source = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));
const home = source("views/phone/Home.svelte");
const shell = [source("main.ts"), source("views/SignIn.svelte")];
const common = /rolldown.runtime|\/node_modules\/svelte\/|\/src\/(api|i18n|rules|stores|ui)\//;

export const groups = [
  { name: (id: string, graph: Graph) => (inShell(id, graph) ? "index" : null), priority: 2 },
  { name: "phone", test: (id: string) => id === home || id === source("sync/index.ts"), priority: 1 },
];

let ofHome: Set<string> | null = null;

function inShell(id: string, graph: Graph): boolean {
  ofHome ??= needed(home, graph);
  return shell.includes(id) || (common.test(id) && ofHome.has(id));
}

/** All that a module imports, and what that imports in turn. */
function needed(id: string, graph: Graph, found = new Set<string>()): Set<string> {
  if (found.has(id)) return found;
  found.add(id);
  for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) needed(imported, graph, found);
  return found;
}

/** The package's own entry is ES5 in CommonJS, for pages that may hold it twice: larger, slower. */
export const dexie = { find: /^dexie$/, replacement: "dexie/dist/modern/dexie.mjs" };
