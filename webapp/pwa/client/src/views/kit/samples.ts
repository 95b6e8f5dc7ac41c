/** Made-up contents for the kit page, in both languages. */
import { pickName } from "../../i18n";
import type { State } from "../../ui/states";
import type { Stroke } from "../../ui/strokes";

export const say = pickName;
export const states: State[] = ["normal", "abnormal", "attention", "not_tested", "todo"];

/** A drawn picture in place of a photo, so that the page needs none. */
export function picture(hue: number, mark: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300">
    <rect width="400" height="300" fill="hsl(${hue} 22% 34%)"/>
    <rect x="70" y="60" width="260" height="150" rx="12" fill="hsl(${hue} 14% 78%)"/>
    <circle cx="150" cy="135" r="44" fill="hsl(${hue} 30% 22%)"/>
    <circle cx="150" cy="135" r="26" fill="hsl(${hue} 60% 52%)"/>
    <rect x="230" y="100" width="70" height="10" fill="hsl(${hue} 12% 48%)"/>
    <rect x="230" y="122" width="50" height="10" fill="hsl(${hue} 12% 48%)"/>
    <text x="200" y="262" font-size="28" text-anchor="middle" fill="#fff">${mark}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

export interface Device {
  id: number;
  name: string;
  room: string;
  state: State;
  lampHours: number;
  trend: (number | null)[];
}

export function devices(count: number): Device[] {
  const kinds = [
    ["投影机 EB-L610U", "Projector EB-L610U"],
    ["麦克风 MXA920", "Microphone MXA920"],
    ["会议终端 TE60", "Codec TE60"],
    ["功放 PLD 4.2", "Amplifier PLD 4.2"],
  ];
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    name: say(...(kinds[index % 4] as [string, string])),
    room: say(`A座 ${3 + (index % 9)}层 ${301 + index}`, `Tower A, level ${3 + (index % 9)}, ${301 + index}`),
    state: states[(index * 7) % 5],
    lampHours: 640 + ((index * 173) % 2400),
    trend: [410, 480, null, 560, 610, 640 + ((index * 173) % 240)],
  }));
}

/** A lamp that was replaced, one month without a reading, and how it goes on. */
const HOURS = [4020, 4130, 4262, 12, null, 231, 342, 457];
export const lampHours = {
  points: HOURS.map((value) => ({ value, state: (value ?? 0) > 4250 ? ("abnormal" as const) : ("normal" as const) })),
  forecast: [567, 677, 787],
  table: () => ({
    columns: [say("月份", "Month"), say("测试数据", "Reading")],
    rows: HOURS.flatMap((value, index) => (value === null ? [] : [[`2026-0${index + 1}`, `${value} h`]])),
  }),
};

/** Each fill that a bar can have. */
const FILLS = ["normal", "abnormal", "not_tested", "todo", "grave", "serious", "moderate", "slight"] as const;
const COUNTS: [string, string, number[]][] = [
  ["投影机", "Projector", [14, 2, 1, 7, 0, 0, 0, 0]],
  ["麦克风", "Microphone", [29, 0, 0, 0, 0, 0, 0, 0]],
  ["遗留问题", "Open items", [0, 0, 0, 0, 1, 3, 8, 5]],
];
export const bars = {
  parts: () =>
    FILLS.map((fill, index) => ({
      fill,
      text: [say("正常", "Normal"), say("异常", "Abnormal"), say("未检", "Not tested"), say("待检", "To do"), say("一级", "Severity 1"), say("二级", "Severity 2"), say("三级", "Severity 3"), say("四级", "Severity 4")][index],
    })),
  rows: () => COUNTS.map(([zh, en, values], index) => ({ label: say(zh, en), values, end: ["87.5%", "100%", undefined][index] })),
  table: () => ({
    columns: [say("类型", "Type"), say("正常", "Normal"), say("异常", "Abnormal")],
    rows: COUNTS.slice(0, 2).map(([zh, en, values]) => [say(zh, en), values[0], values[1]]),
  }),
};

/** A hand that writes its name. */
export const signature: Stroke[] = [
  [[0.16, 0.35], [0.24, 0.3], [0.31, 0.36], [0.28, 0.52], [0.22, 0.7], [0.3, 0.74], [0.38, 0.6]],
  [[0.42, 0.28], [0.41, 0.5], [0.4, 0.78], [0.47, 0.72], [0.53, 0.5], [0.56, 0.44], [0.57, 0.6], [0.6, 0.74]],
  [[0.66, 0.4], [0.72, 0.36], [0.78, 0.44], [0.74, 0.58], [0.68, 0.66], [0.76, 0.7], [0.86, 0.56]],
];
