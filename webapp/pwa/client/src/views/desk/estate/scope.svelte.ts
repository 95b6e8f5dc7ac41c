/** Which devices' labels are printed, and how many they are. */
import { api } from "../../../api/client";
import { session } from "../../../stores/session.svelte";
import type { Device, Page } from "./types";

export type Scope = "all" | "building" | "room" | "devices" | "unlabelled";

/** As many devices as fit into one address; the rest follow in files of their own. */
const BATCH = 150;
const LARGEST_PAGE = 200;

export class LabelChoice {
  scope = $state<Scope>("all");
  buildingId = $state("");
  roomId = $state("");
  devices = $state.raw<Device[]>([]);
  /** How many labels will be printed; null while it is being asked. */
  count = $state<number | null>(null);
  #unlabelled: number[] = [];
  #asked = 0;

  constructor(query: URLSearchParams) {
    this.buildingId = query.get("building_id") ?? "";
    this.roomId = query.get("room_id") ?? "";
    const ids = (query.get("device_id") ?? "").split(",").map(Number).filter(Boolean).slice(0, BATCH);
    if (ids.length > 0) this.scope = "devices";
    else if (this.roomId) this.scope = "room";
    else if (this.buildingId) this.scope = "building";
    if (ids.length > 0) void this.#readDevices(ids);
  }

  /** Counts anew; a later question drops an earlier one. */
  async recount(): Promise<void> {
    const asked = ++this.#asked;
    const count = await this.#counted();
    if (asked === this.#asked) this.count = count;
  }

  /** What the addresses of the files name: one or several. */
  batches(): [string, string][][] {
    if (this.scope === "all") return [[]];
    if (this.scope === "building") return [[["building_id", this.buildingId]]];
    if (this.scope === "room") return [[["room_id", this.roomId]]];
    const ids = this.scope === "devices" ? this.devices.map((device) => device.id) : this.#unlabelled;
    const parts = Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, part) => ids.slice(part * BATCH, (part + 1) * BATCH));
    return parts.map((part) => part.map((id) => ["device_id", String(id)]));
  }

  add(device: Device): void {
    if (!this.devices.some((other) => other.id === device.id)) this.devices = [...this.devices, device];
  }

  remove(id: number): void {
    this.devices = this.devices.filter((device) => device.id !== id);
  }

  async #counted(): Promise<number> {
    if (this.scope === "devices") return this.devices.filter((device) => device.label && !device.retired).length;
    if (this.scope === "building" && !this.buildingId) return 0;
    if (this.scope === "room" && !this.roomId) return 0;
    const place = {
      building_id: this.scope === "building" ? this.buildingId : null,
      room_id: this.scope === "room" ? this.roomId : null,
    };
    if (this.scope === "unlabelled") return this.#readUnlabelled();
    const [all, without] = await Promise.all([total(place), total({ ...place, unlabelled: true })]);
    return all - without;
  }

  async #readUnlabelled(): Promise<number> {
    const ids: number[] = [];
    for (let page = 1, more = true; more; page++) {
      const found = await devices({ unlabelled: true, page, page_size: LARGEST_PAGE });
      ids.push(...found.items.map((device) => device.id));
      more = ids.length < found.total && found.items.length > 0;
    }
    this.#unlabelled = ids;
    return ids.length;
  }

  async #readDevices(ids: number[]): Promise<void> {
    const read = ids.map((id) => api.get<Device>(session.path(`devices/${id}`)).catch(() => null));
    this.devices = (await Promise.all(read)).filter((device) => device !== null);
  }
}

async function total(query: Record<string, string | boolean | null>): Promise<number> {
  return (await devices({ ...query, page_size: 1 })).total;
}

function devices(query: Record<string, string | number | boolean | null>): Promise<Page<Device>> {
  return api.get<Page<Device>>(session.path("devices"), { query });
}
