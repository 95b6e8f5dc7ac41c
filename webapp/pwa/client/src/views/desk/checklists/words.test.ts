import { describe, expect, it } from "vitest";
import { freeKey, slug } from "./words";

describe("a key made of an English name", () => {
  it("is the one that the server would make", () => {
    expect(slug("HDMI loose")).toBe("hdmi_loose");
    expect(slug("  2 of 3, dim ")).toBe("n_2_of_3_dim");
    expect(slug("灯泡")).toBe("");
  });

  it("is taken once only", () => {
    expect(freeKey("dim", [])).toBe("dim");
    expect(freeKey("dim", [{ key: "dim" }, { key: "dim_2" }])).toBe("dim_3");
  });
});
