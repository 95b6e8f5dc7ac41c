import { describe, expect, it } from "vitest";
import type { Content } from "../../../rules/checklist";
import { registerFields, registerInput, registerValue } from "./register";
import { looksLikeAddress } from "./sending.svelte";

const words = { zh: "名", en: "name" };
const content: Content = {
  format: 1,
  types: [
    {
      key: "projector",
      ...words,
      items: [
        { key: "lamp", ...words, kind: "number", normal: { min: 0, max_share_of_register: ["rated_lamp_hours", 0.85] }, unless_register: "laser" },
        { key: "lamp_again", ...words, kind: "number", normal: { register_within: ["rated_lamp_hours", 0.1] } },
        { key: "firmware", ...words, kind: "text", normal: { register: "firmware" } },
      ],
    },
  ],
  causes: {},
  actions: {},
  exceptions: [],
};

describe("the register fields of a device", () => {
  it("are those that its checklist compares with, each once", () => {
    expect(registerFields(content, "projector")).toEqual([
      { key: "laser", kind: "flag" },
      { key: "rated_lamp_hours", kind: "number" },
    ]);
    expect(registerFields(content, "unheard_of")).toEqual([]);
    expect(registerFields(null, "projector")).toEqual([]);
  });

  it("go in and out of the form without a loss", () => {
    const hours = { key: "rated_lamp_hours", kind: "number" } as const;
    const laser = { key: "laser", kind: "flag" } as const;
    expect(registerValue(hours, registerInput(hours, { rated_lamp_hours: 3000 }))).toBe(3000);
    expect(registerValue(hours, "３,０００")).toBe(3000);
    expect(registerValue(hours, " ")).toBeNull();
    expect(registerValue(hours, "many")).toBeUndefined();
    expect(registerInput(laser, { laser: "是" })).toBe("yes");
    expect(registerValue(laser, "no")).toBe(false);
    expect(registerInput(laser, {})).toBe("");
  });

  it("know an address from what is none", () => {
    expect(["", "10.9.57.70", "fe80::1"].every(looksLikeAddress)).toBe(true);
    expect(["10.9.57", "10.9.57.700", "projector"].some(looksLikeAddress)).toBe(false);
  });
});
