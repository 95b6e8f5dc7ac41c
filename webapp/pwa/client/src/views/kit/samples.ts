/** Made-up contents for the kit page, in both languages. */
import { pickName } from "../../i18n";
import type { State } from "../../ui/states";

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
