/**
 * How long an inspection was really in sight. What the timer doesn't see isn't counted: the app
 * hidden, the phone asleep, another record looked at.
 */

/** A tick that comes much later has slept with the phone: that time nobody looked. */
const LONGEST_TICK_MS = 3000;

export class Dwell {
  #now: () => number;
  #before: number;
  #milliseconds = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#before = now();
  }

  /** To be called about once a second; `seen` tells whether the form was in sight since the last. */
  tick(seen: boolean): void {
    const now = this.#now();
    if (seen) this.#milliseconds += Math.min(now - this.#before, LONGEST_TICK_MS);
    this.#before = now;
  }

  /** Whole seconds since they were last taken; the rest goes with the next ones. */
  take(): number {
    const seconds = Math.floor(this.#milliseconds / 1000);
    this.#milliseconds -= seconds * 1000;
    return seconds;
  }
}
