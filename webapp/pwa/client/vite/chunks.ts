/**
 * Which modules are put together. Left alone the bundler makes a chunk of every set of modules that
 * some screens share: 37 files before a phone's home and 85 to keep for offline work, where each
 * answer costs a kilobyte of headers and each step of the chain a round trip.
 *
 * `index` is the shell with the sign-in and the parts that the home shares with other screens;
 * `phone` is the home with the database and the sender, which the desk never loads; `screens` the
 * phone's other screens, `cases` what the home asks for last; `both` what those share with the desk's;
 * `bench` what the desk's screens share with each other; `link` what the phone's screens share with
 * those behind a link. Each of the desk's screens and of those behind links is a file of its own.
 */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Rollup } from "vite";

interface Graph {
  getModuleInfo(id: string): Pick<Rollup.ModuleInfo, "importedIds"> | null;
}

const source = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));
const views = (folder: string) =>
  readdirSync(source(`views/${folder}`))
    .filter((file) => file.endsWith(".svelte"))
    .map((file) => source(`views/${folder}/${file}`));
const home = [source("views/phone/Home.svelte")];
const start = [...home, source("views/phone/StorageGate.svelte"), source("sync/index.ts")];
const shell = [source("main.ts"), source("views/SignIn.svelte")];
const common = /rolldown.runtime|\/node_modules\/svelte\/|\/src\/((api|i18n|rules|stores|ui)\/|\w+\.svelte)/;
const phone = views("phone");
const desk = views("desk");
const link = views("link");

export const groups = [
  { name: named("index", (of, id) => shell.includes(id) || (common.test(id) && of(home))), priority: 6 },
  { name: "phone", test: (id: string) => start.includes(id), priority: 5 },
  { name: "cases", test: (id: string) => id === source("db/casework.ts"), priority: 4 },
  { name: named("link", (of) => of(link) && of(phone)), priority: 3 },
  { name: named("both", (of) => of(phone) && of(desk)), priority: 2 },
  { name: "screens", test: (id: string) => phone.includes(id), priority: 1 },
  { name: named("bench", (of) => of(desk) && !of(link)), minShareCount: 2, priority: 0 },
];

const found = new Map<readonly string[], Set<string>>();

/** The chunk's name for the modules that belong in it; `of` tells whether some views need the module. */
function named(name: string, belongs: (of: (views: readonly string[]) => boolean, id: string) => boolean) {
  return (id: string, graph: Graph) => (belongs((views) => needed(views, graph).has(id), id) ? name : null);
}

/** All that these modules import, and what that imports in turn. */
function needed(ids: readonly string[], graph: Graph): Set<string> {
  const known = found.get(ids);
  if (known) return known;
  const all = new Set<string>();
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (all.has(id)) continue;
    all.add(id);
    waiting.push(...(graph.getModuleInfo(id)?.importedIds ?? []));
  }
  found.set(ids, all);
  return all;
}

/** The package's own entry is ES5 in CommonJS, for pages that may hold it twice: larger, slower. */
export const dexie = { find: /^dexie$/, replacement: "dexie/dist/modern/dexie.mjs" };
