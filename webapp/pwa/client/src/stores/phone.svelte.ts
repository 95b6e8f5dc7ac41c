/** What the phone's screens share beyond the database: whose rooms are shown, and the way back. */
import { readStored, writeStored } from "./stored";

export type Scope = "mine" | "all";

const SCOPE_KEY = "roundbook.scope";

class PhoneChoices {
  #scope = $state<Scope | null>(readStored<Scope>(SCOPE_KEY));
  /** The room that is being gone through: a label of another room is told apart by it. */
  roomId = $state<number | null>(null);

  get scope(): Scope | null {
    return this.#scope;
  }

  /** The rooms that are shown: as chosen, else one's own where there are any. */
  scopeFor(mine: number): Scope {
    return this.#scope ?? (mine > 0 ? "mine" : "all");
  }

  chooseScope(scope: Scope): void {
    this.#scope = scope;
    writeStored(SCOPE_KEY, scope);
  }
}

export const phone = new PhoneChoices();
