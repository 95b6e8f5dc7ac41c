/**
 * Which modules are put together. Left alone the bundler makes a chunk of every set of modules that
 * some screens share: 37 files before a phone's home and 85 to keep for offline work, where each
 * answer costs a kilobyte of headers and each step of the chain a round trip.
 *
 * `index` is the shell with the sign-in and the parts that the home shares with other screens, but
 * for those that need the database: neither the sign-in nor the desk nor a label's page has use for it;
 * `phone` is the home with the database and the sender, which these never load; `screens` the
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
const database = source("db/open.ts");
const common = /rolldown.runtime|\/node_modules\/svelte\/|\/src\/((api|i18n|rules|stores|ui)\/|\w+\.svelte)/;
const phone = views("phone");
const desk = views("desk");
const link = views("link");

export const groups = [
  {
    name: named("index", (of, id, needs) => {
      const shared = common.test(id) || of(desk) || of(link);
      return shell.includes(id) || (shared && of(home) && !needs(database));
    }),
    priority: 6,
  },
  { name: "phone", test: (id: string) => start.includes(id), priority: 5 },
  { name: named("link", (of) => of(link) && of(phone)), priority: 4 },
  { name: named("both", (of) => of(phone) && of(desk)), priority: 3 },
  { name: "cases", test: (id: string) => id === source("db/casework.ts"), priority: 2 },
  { name: "screens", test: (id: string) => phone.includes(id), priority: 1 },
  { name: named("bench", (of) => of(desk) && !of(link)), minShareCount: 2, priority: 0 },
];

const found = new Map<readonly string[], Set<string>>();

/** Whether some views need the module; the module; whether it needs another. */
type Belongs = (of: (views: readonly string[]) => boolean, id: string, needs: (other: string) => boolean) => boolean;

/** The chunk's name for the modules that belong in it. */
function named(name: string, belongs: Belongs) {
  return (id: string, graph: Graph) => {
    const of = (views: readonly string[]) => needed(views, graph).has(id);
    const needs = (other: string) => needed([id], graph).has(other);
    return belongs(of, id, needs) ? name : null;
  };
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
