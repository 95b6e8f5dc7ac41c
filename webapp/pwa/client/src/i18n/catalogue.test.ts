import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fillMessage, placeholders } from "./message";

type Catalogue = Record<string, string>;
const load = (files: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(files).map(([path, texts]) => [path.match(/(\w+)\.ts$/)![1], texts as Catalogue]),
  );
const zh = load(import.meta.glob("./zh/*.ts", { eager: true, import: "default" }));
const en = load(import.meta.glob("./en/*.ts", { eager: true, import: "default" }));
const areas = [
  "blockers",
  "common",
  "desk",
  "desk_acceptance",
  "desk_cases",
  "desk_estate",
  "desk_figures",
  "desk_firmware",
  "desk_hours",
  "desk_inbox",
  "desk_knowledge",
  "desk_log",
  "desk_notify",
  "desk_open",
  "desk_quality",
  "desk_quotes",
  "desk_report",
  "desk_returns",
  "desk_spares",
  "desk_sync",
  "desk_team",
  "desk_terms",
  "errors",
  "link",
  "notices",
  "phone",
  "phone_cases",
  "told",
];

describe("the catalogues", () => {
  it("have the same areas in both languages", () => {
    expect(Object.keys(zh).sort()).toEqual(areas);
    expect(Object.keys(en).sort()).toEqual(areas);
  });

  it.each(areas)("say the same in both languages: %s", (area) => {
    expect(Object.keys(en[area]).sort()).toEqual(Object.keys(zh[area]).sort());
    for (const [key, text] of Object.entries(zh[area])) {
      expect(text.trim(), key).not.toBe("");
      expect(en[area][key].trim(), key).not.toBe("");
      expect(placeholders(en[area][key]), key).toEqual(placeholders(text));
    }
  });

  it("use a key in one area only", () => {
    const keys = areas.flatMap((area) => Object.keys(zh[area]));
    expect(keys.length).toBe(new Set(keys).size);
  });

  it.each(areas)("write Chinese with Chinese punctuation: %s", (area) => {
    const wrong = Object.values(zh[area]).filter((text) => /[一-鿿][,;?!]|[,;?!][一-鿿]/u.test(text));
    expect(wrong).toEqual([]);
  });

  it("hold no key that nothing uses", () => {
    const source = readSources(fileURLToPath(new URL("..", import.meta.url)));
    const unused = areas
      .flatMap((area) => Object.keys(zh[area]))
      .filter((key) => !source.includes(`"${key}"`) && !source.includes(`'${key}'`))
      .filter((key) => !builtAtRunTime(source, key));
    expect(unused).toEqual([]);
  });
});

describe("a screen", () => {
  const folder = fileURLToPath(new URL("..", import.meta.url));
  const routes = readFileSync(join(folder, "routes.ts"), "utf-8");
  const screens = ["views", "views/phone", "views/desk", "views/link"].flatMap((of) =>
    readdirSync(join(folder, of))
      .filter((file) => new RegExp(`\\b${file.replace(".svelte", "")}\\b`).test(routes) && file.endsWith(".svelte"))
      .map((file) => `${of}/${file}`),
  );

  it.each(screens)("comes with every text that it uses: %s", (screen) => {
    const roots = ["main.ts", "views/SignIn.svelte", screen, ...(screen.startsWith("views/desk/") ? ["views/desk/Desk.svelte"] : [])];
    const files = withImported(folder, roots);
    const loaded = areas.filter((area) => files.has(`i18n/zh/${area}.ts`));
    const there = new Set(loaded.flatMap((area) => Object.keys(zh[area])));
    const speaking = [...files].filter(([file]) => !file.startsWith("i18n/")).map(([, read]) => read);
    const missing = areas
      .flatMap((area) => Object.keys(zh[area]))
      .filter((key) => !there.has(key))
      .filter((key) => speaking.some(({ words, begun }) => words.has(key) || begun.some((beginning) => key.startsWith(beginning))));
    expect(missing).toEqual([]);
  });
});

describe("filling a message in", () => {
  it("writes numbers by the language and chooses the plural", () => {
    const message = "{count} {count|record|records} to send";
    expect(fillMessage(message, { count: 1 }, "en-GB")).toBe("1 record to send");
    expect(fillMessage(message, { count: 1200 }, "en-GB")).toBe("1,200 records to send");
  });

  it("leaves an unknown name to be seen, and an empty value empty", () => {
    expect(fillMessage("{name}, {place}", { name: "<b>" }, "en-GB")).toBe("<b>, {place}");
    expect(fillMessage("[{name}]", { name: null }, "en-GB")).toBe("[]");
  });
});

/** A key such as `status.saved` may be written as `status.${stage}`, an error's code comes from the server. */
function builtAtRunTime(source: string, key: string): boolean {
  const parts = key.split(/(?=[._])/);
  return parts.some((_, index) => index > 0 && source.includes(`\`${parts.slice(0, index).join("")}${key[parts.slice(0, index).join("").length]}\${`));
}

function readSources(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf-8" })
    .filter((file) => /\.(ts|svelte)$/.test(file) && !/i18n\/(zh|en)\/|\.test\.ts$/.test(file))
    .map((file) => readFileSync(`${folder}/${file}`, "utf-8"))
    .join("\n");
}

interface Read {
  imports: string[];
  /** What stands in quotes, and how the keys begin that are made at run time. */
  words: Set<string>;
  begun: string[];
}
const read = new Map<string, Read>();

/** These files and all that they import, by their paths; what is only a type is not loaded. */
function withImported(folder: string, roots: string[]): Map<string, Read> {
  const found = new Map<string, Read>();
  const waiting = [...roots];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    if (!read.has(file)) read.set(file, readFile(folder, file));
    found.set(file, read.get(file)!);
    waiting.push(...read.get(file)!.imports);
  }
  return found;
}

function readFile(folder: string, file: string): Read {
  const source = readFileSync(join(folder, file), "utf-8");
  const names = source.matchAll(/^\s*(?:(?:import|export)\s(?!type\b)[^;"]*\bfrom\s*|import\s+)"(\.[^"]*)"/gm);
  const paths = [...names].map(([, name]) => join(dirname(file), name));
  const ends = (path: string) => ["", ".ts", "/index.ts"].map((end) => path + end);
  return {
    imports: paths.flatMap((path) => ends(path).find((one) => /\.(ts|svelte)$/.test(one) && existsSync(join(folder, one))) ?? []),
    words: new Set([...source.matchAll(/"([\w.]+)"/g)].map((match) => match[1])),
    begun: [...source.matchAll(/`([a-z]\w*\.\w*)\$\{/g)].map((match) => match[1]),
  };
}
