import { readdirSync, readFileSync } from "node:fs";
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
