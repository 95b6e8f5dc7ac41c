/** The names behind keys and ids: rooms, people, and the words of the current checklist. */
import { api } from "../../../api/client";
import type { components } from "../../../api/schema";
import { pickName } from "../../../i18n";
import { consumableWords, type Content, type Words } from "../../../rules/checklist";
import { session } from "../../../stores/session.svelte";
import type { Member, Round } from "./types";

export interface RoomChoice {
  id: number;
  building: { zh: string; en: string };
  floor: string;
  zh: string;
  en: string;
}

/** Roles that go round the rooms. */
const ROUND_ROLES = new Set(["on_site_engineer", "inspection_engineer", "backup_engineer", "project_manager"]);

const AGAIN_MS = 5_000;

class Lookups {
  rooms = $state.raw<RoomChoice[]>([]);
  members = $state.raw<Member[]>([]);
  content = $state.raw<Content | null>(null);
  /** Latest first. */
  rounds = $state.raw<Round[]>([]);
  /** Whether the rounds were read, be there any or not. */
  roundsKnown = $state(false);
  /** Why they couldn't be read when last asked for. */
  roundsError = $state.raw<unknown>(null);
  #contract: string | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** Reads the contract's names once; what fails is asked again by the next screen. */
  load(): void {
    const code = session.contract?.code ?? null;
    if (code === this.#contract) return;
    this.#contract = code;
    this.rooms = [];
    this.members = [];
    this.content = null;
    this.rounds = [];
    this.roundsKnown = false;
    this.roundsError = null;
    clearTimeout(this.#again);
    if (code === null) return;
    void Promise.all([this.#readRooms(), this.#readMembers(), this.#readContent(), this.readRounds()]).catch(() => {
      if (this.#contract === code) this.#contract = null;
    });
  }

  /** Who may be given rooms or open items: engineers, the backups among them. */
  get engineers(): Member[] {
    return this.members.filter((member) => ROUND_ROLES.has(member.role) && !member.disabled);
  }

  get months(): string[] {
    return this.rounds.map((round) => round.month);
  }

  typeName(key: string): string {
    return words(this.content?.types.find((type) => type.key === key), key);
  }

  itemName(type: string, item: string): string {
    const found = this.content?.types.find((other) => other.key === type);
    return words(found?.items.find((other) => other.key === item), item);
  }

  unitOf(type: string, item: string): string | undefined {
    const found = this.content?.types.find((other) => other.key === type)?.items.find((other) => other.key === item);
    return found?.kind === "number" ? found.unit : undefined;
  }

  optionName(type: string, item: string, option: string): string {
    const found = this.content?.types.find((other) => other.key === type)?.items.find((other) => other.key === item);
    const options = found?.kind === "choice" ? found.options : undefined;
    return words(options?.find((other) => other.key === option), option);
  }

  exceptionName(key: string): string {
    return words(this.content?.exceptions.find((reason) => reason.key === key), key);
  }

  consumableName(key: string): string {
    return words(consumableWords(this.content, key), key);
  }

  /** A cause or an action: a key of the pick lists, or the engineer's own words. */
  pickListName(list: "causes" | "actions", type: string, key: string): string {
    const lists = this.content?.[list] ?? {};
    const all = [...(lists[type] ?? []), ...(lists.any ?? [])];
    return words(all.find((other) => other.key === key), key);
  }

  /** Never throws: that nobody could tell is no answer, it is kept and asked again by itself. */
  async readRounds(): Promise<void> {
    clearTimeout(this.#again);
    const contract = this.#contract;
    try {
      const rounds = await api.get<Round[]>(session.path("rounds"));
      if (contract !== this.#contract) return;
      this.rounds = rounds;
      this.roundsKnown = true;
      this.roundsError = null;
    } catch (error) {
      if (contract !== this.#contract) return;
      this.roundsError = error;
      this.#again = setTimeout(() => void this.readRounds(), AGAIN_MS);
    }
  }

  async #readRooms(): Promise<void> {
    const estate = await api.get<components["schemas"]["Estate"]>(session.path("estate"));
    this.rooms = estate.buildings.flatMap((building) =>
      building.floors.flatMap((floor) =>
        floor.rooms.map((room) => ({
          id: room.id,
          building: { zh: building.name_zh, en: building.name_en },
          floor: floor.floor,
          zh: room.name_zh,
          en: room.name_en,
        })),
      ),
    );
  }

  async #readMembers(): Promise<void> {
    this.members = await api.get<Member[]>(session.path("members"));
  }

  async #readContent(): Promise<void> {
    const versions = await api.get<{ number: number; current: boolean }[]>(session.path("checklists"));
    const current = versions.find((version) => version.current) ?? versions[0];
    if (!current) return;
    const whole = await api.get<{ content: Content }>(session.path(`checklists/${current.number}`));
    this.content = whole.content;
  }
}

function words(found: Pick<Words, "zh" | "en"> | undefined, key: string): string {
  return found ? pickName(found.zh, found.en) : key;
}

export const lookups = new Lookups();

/** A room with the way to it: `主楼 · 12F · 第一会议室`. */
export function roomPath(room: RoomChoice): string {
  const parts = [pickName(room.building.zh, room.building.en), room.floor, pickName(room.zh, room.en)];
  return parts.filter(Boolean).join(" · ");
}

/** A person's name as the user's language writes it. */
export function personName(userId: number | null | undefined, fallback = ""): string {
  const member = lookups.members.find((other) => other.user_id === userId);
  return member ? pickName(member.name, member.name_en) : fallback;
}
