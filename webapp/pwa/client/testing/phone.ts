/**
 * A phone without a screen, as a process: one command a line of JSON on stdin, one answer a line on
 * stdout. Commands don't wait for each other, so that a crash can come in the middle of a sync.
 */
import "fake-indexeddb/auto";
import { createInterface } from "node:readline";
import { Phone } from "./commands";

interface Command {
  n: number;
  do: keyof Phone;
  [argument: string]: unknown;
}

const phone = new Phone();

async function obey(line: string): Promise<void> {
  const { n, do: what, ...given } = JSON.parse(line) as Command;
  let answer: object;
  try {
    const work = phone[what] as (given: object) => unknown;
    answer = { n, answer: (await work.call(phone, given)) ?? null };
  } catch (error) {
    const { name, message } = error as Error;
    answer = { n, error: `${name}: ${message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

// What a crashed life of the app leaves behind fails against a closed disk, as it should.
process.on("unhandledRejection", () => undefined);
createInterface({ input: process.stdin })
  .on("line", (line) => void obey(line))
  .on("close", () => process.exit(0));
