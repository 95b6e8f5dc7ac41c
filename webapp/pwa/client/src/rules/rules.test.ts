// The vectors are the server's too: tests/checklists/test_rules_vectors.py runs the same files.
import { describe, expect, it } from "vitest";
import shipped from "../../../../../tests/vectors/checklist.json";
import decisions from "../../../../../tests/vectors/decisions.json";
import readings from "../../../../../tests/vectors/readings.json";
import seeded from "../../../../../tests/vectors/seeded.json";
import {
  actionsOf,
  applies,
  causesOf,
  consumablesOf,
  type Content,
  deviceRegister,
  foldText,
  type Item,
  itemOf,
  itemsOf,
  type Register,
} from "./checklist";
import {
  bulkValue,
  dueItems,
  isDue,
  mixHash,
  plausible,
  randomSpotChecks,
  SPOT_CHECK_SHARE,
  unseenSpotChecks,
} from "./due";
import {
  judgeInspection,
  judgeReading,
  normalRange,
  type Outcome,
  photoRequired,
  readNumber,
  suggestedSeverity,
  type Value,
  valueProblem,
  type Verdict,
} from "./verdict";

const content = shipped as unknown as Content;
type Row = readonly unknown[];
const rows = (value: unknown): Row[] => value as Row[];

/** An item that a vector names as `type.item`, or gives whole. */
function item(named: unknown): Item {
  if (typeof named !== "string") return named as Item;
  const [type, key] = named.split(".");
  const found = itemOf(content, type!, key!);
  if (!found) throw new Error(`no item ${named}`);
  return found;
}

describe("readings by hand", () => {
  for (const [name, cases] of Object.entries(readings.rows)) {
    it(name, () => {
      for (const [register, value, verdict, severity, reason] of rows(cases)) {
        const judged = judgeReading(item(name), value as Value, register as Register);
        expect([value, judged]).toEqual([value, { verdict, severity, reason }]);
      }
    });
  }

  it("leave no item of the shipped checklists out", () => {
    const all = content.types.flatMap((type) => type.items.map((one) => `${type.key}.${one.key}`));
    expect(Object.keys(readings.rows).sort()).toEqual(all.sort());
  });
});

describe("seeded vectors", () => {
  it("judge readings as the server does", () => {
    for (const [made, register, value, verdict, severity, reason] of rows(seeded.readings)) {
      const judged = judgeReading(made as Item, value as Value, register as Register);
      expect([made, register, value, judged]).toEqual([
        made,
        register,
        value,
        { verdict, severity, reason },
      ]);
    }
  });

  it("fall due, draw and hash as on the server", () => {
    for (const [every, round, anchor, last, due] of rows(seeded.due)) {
      const made = { key: "x", zh: "x", en: "x", kind: "pass_fail", every } as Item;
      const found = isDue(made, round as string, anchor as string, last as string | null);
      expect([every, round, anchor, last, found]).toEqual([every, round, anchor, last, due]);
    }
    for (const [seed, type, share, keys] of rows([
      ...seeded.spot_checks,
      ...decisions.spot_checks,
    ])) {
      const items = itemsOf(content, type as string);
      expect(randomSpotChecks(seed as string, items, share as number)).toEqual(keys);
    }
    expect(SPOT_CHECK_SHARE).toBe(decisions.spot_check_share);
    for (const [text, hash] of rows([...seeded.mix_hash, ...decisions.mix_hash])) {
      expect([text, mixHash(text as string)]).toEqual([text, hash]);
    }
  });
});

describe("decisions by hand", () => {
  it("which items apply", () => {
    for (const [named, register, expected] of rows(decisions.applies)) {
      const found = applies(item(named), register as Register);
      expect([named, register, found]).toEqual([named, register, expected]);
    }
  });

  it("what is normal", () => {
    for (const [named, register, expected] of rows(decisions.normal_range)) {
      expect(normalRange(item(named), register as Register)).toEqual(expected);
    }
  });

  it("how severe", () => {
    for (const [named, value, expected] of rows(decisions.severity)) {
      expect([value, suggestedSeverity(item(named), value as Value)]).toEqual([value, expected]);
    }
  });

  it("whether a photo is asked for", () => {
    for (const [named, verdict, expected] of rows(decisions.photo_required)) {
      const found = photoRequired(item(named), verdict as Outcome);
      expect([named, verdict, found]).toEqual([named, verdict, expected]);
    }
  });

  it("when due", () => {
    for (const [named, round, anchor, last, expected] of rows(decisions.due)) {
      const found = isDue(item(named), round as string, anchor as string, last as string | null);
      expect([named, round, anchor, last, found]).toEqual([named, round, anchor, last, expected]);
    }
    for (const [type, register, round, anchor, last, keys] of rows(decisions.due_items)) {
      const found = dueItems(
        content,
        type as string,
        register as Register,
        round as string,
        anchor as string,
        last as Record<string, string | null>,
      );
      expect(found.map((one) => one.key)).toEqual(keys);
    }
  });

  it("an inspection's verdict", () => {
    const register = { preset_count: 6 };
    for (const [type, values, exception, expected] of rows(decisions.inspection)) {
      const items = itemsOf(content, type as string);
      const verdicts: Record<string, Verdict> = {};
      for (const [key, value] of Object.entries(values as Record<string, Value>)) {
        verdicts[key] = judgeReading(itemOf(content, type as string, key)!, value, register);
      }
      expect(judgeInspection(items, verdicts, exception as boolean)).toEqual(expected);
    }
  });

  it("which spot checks nobody has looked at", () => {
    for (const [task, type, given, pictured, expected] of rows(decisions.unseen_spot_checks)) {
      const items = itemsOf(content, type as string);
      const found = unseenSpotChecks(
        task as number,
        items,
        given as Record<string, boolean>,
        new Set(pictured as string[]),
      );
      expect([task, given, pictured, found]).toEqual([task, given, pictured, expected]);
    }
  });

  it("which readings are questioned", () => {
    for (const [named, value, previous, hours, replaced, expected] of rows(decisions.plausible)) {
      const found = plausible(
        item(named),
        value,
        previous,
        hours as number | null,
        replaced as boolean,
      );
      expect([named, value, previous, found]).toEqual([named, value, previous, expected]);
    }
  });
});

describe("what JSON cannot say", () => {
  it("no number is infinite or none", () => {
    const delay = item("codec.delay");
    expect(valueProblem(delay, Number.NaN)).toBe("value_not_number");
    expect(valueProblem(delay, Number.POSITIVE_INFINITY)).toBe("value_too_large");
    expect(judgeReading(delay, undefined, {}).reason).toBe("empty");
  });

  it("text is counted in characters, not in halves of them", () => {
    const firmware = item("codec.software");
    expect(valueProblem(firmware, "😀".repeat(2000))).toBeNull();
    expect(valueProblem(firmware, "😀".repeat(2001))).toBe("value_too_long");
  });

  it("a name from a prototype is no field", () => {
    expect(judgeReading(item("codec.delay"), 1, Object.create({ x: 1 }) as Register).reason).toBe(
      "ok",
    );
    expect(causesOf(content, "constructor").map((words) => words.key)).toContain("unknown");
  });
});

describe("what the form needs", () => {
  it("reads numbers as people type them", () => {
    const typed: [string, number | null][] = [
      ["12", 12],
      [" 12.5 ", 12.5],
      ["１２．５", 12.5],
      ["12。5", 12.5],
      ["1,234", 1234],
      ["1,234,567.5", 1234567.5],
      ["1,5", 1.5],
      ["-3", -3],
      [".5", 0.5],
      ["5.", 5],
      ["", null],
      ["-", null],
      [".", null],
      ["1e5", null],
      ["0x10", null],
      ["12h", null],
      ["1.2.3", null],
    ];
    for (const [text, number] of typed) expect([text, readNumber(text)]).toEqual([text, number]);
  });

  it("offers a type's own reasons and actions first", () => {
    const causes = causesOf(content, "projector").map((words) => words.key);
    expect(causes.slice(0, 3)).toEqual(["lamp_aged", "filter_clogged", "optics_aged"]);
    expect(causes).toContain("user_error");
    expect(actionsOf(content, "dsp").map((words) => words.key)).toContain("restarted");
  });

  it("names consumables once, and answers for all OK only where nothing must be read", () => {
    expect(consumablesOf(itemsOf(content, "projector"))).toEqual(["lamp", "filter", "battery"]);
    expect(bulkValue(item("clickshare.base_led"))).toBe("white");
    expect(bulkValue(item("projector.power"))).toBe("pass");
    expect(bulkValue(item("projector.lamp_hours"))).toBeNull();
    expect(bulkValue(item("room.overview"))).toBeNull();
  });

  it("takes the firmware from the device where the register has none", () => {
    expect(deviceRegister({ firmware: " ", laser: null }, "1.2")).toEqual({ firmware: "1.2" });
    expect(deviceRegister({ firmware: "3" }, "1.2")).toEqual({ firmware: "3" });
    expect(foldText("　Ａｂ \t c\n")).toBe("ab c");
  });
});
