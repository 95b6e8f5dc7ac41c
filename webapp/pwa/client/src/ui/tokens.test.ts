import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const css = readFileSync(fileURLToPath(new URL("tokens.css", import.meta.url)), "utf-8");
const tokens = Object.fromEntries(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)].map(
    ([, name, light, dark]) => [name, { light, dark }],
  ),
);

const states = ["normal", "abnormal", "attention", "not-tested"];
const surfaces = ["surface", "paper", "raised", "sunken"];
const READING = 7;
const TEXT = 4.5;
const SHAPE = 3;

/** Every pair of colours that meet on a screen, and how far apart they must be. */
const pairs: [front: string, back: string, least: number][] = [
  ...surfaces.flatMap((back): [string, string, number][] => [
    ["ink", back, READING],
    ["ink-soft", back, READING],
    ["accent", back, TEXT],
    ["edge", back, SHAPE],
    ["focus", back, SHAPE],
    ...states.map((state): [string, string, number] => [state, back, SHAPE]),
    ...states.map((state): [string, string, number] => [`${state}-ink`, back, READING]),
  ]),
  ...states.flatMap((state): [string, string, number][] => [
    [`${state}-ink`, `${state}-tint`, READING],
    [state, `${state}-tint`, SHAPE],
    ["ink", `${state}-tint`, READING],
    ["ink-soft", `${state}-tint`, TEXT],
  ]),
  ["on-state", "normal", SHAPE],
  ["on-state", "abnormal", SHAPE],
  ["on-state", "attention", SHAPE],
  ["on-accent", "accent", TEXT],
  ["on-accent", "accent-strong", TEXT],
  ["accent-strong", "accent-tint", READING],
  ["accent", "accent-tint", TEXT],
  ["ink", "accent-tint", READING],
  ["ink-soft", "accent-tint", TEXT],
  ["on-toast", "toast", READING],
  ["toast-action", "toast", TEXT],
];

describe.each(["light", "dark"] as const)("contrast in the %s theme", (theme) => {
  it.each(pairs)("%s on %s is at least %s:1", (front, back, least) => {
    expect(contrast(tokens[front][theme], tokens[back][theme])).toBeGreaterThanOrEqual(least);
  });
});

describe("the token table", () => {
  it("gives every colour in both themes", () => {
    const plain = [...css.matchAll(/--[\w-]+: *(#[0-9a-f]{3,8}|rgb\()/g)].map(([found]) => found);
    expect(plain).toEqual([]);
    expect(Object.keys(tokens).length).toBeGreaterThan(25);
  });

  it("keeps text at 13 px and more", () => {
    const sizes = [...css.matchAll(/--text-\w+: ([\d.]+)rem/g)].map(([, size]) => Number(size) * 16);
    expect(sizes).toEqual([13, 16, 19, 23, 28]);
  });
});

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
