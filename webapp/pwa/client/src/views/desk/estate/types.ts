/** The answers that the estate's screens work with, as the server's document has them. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Building = Schemas["BuildingTree"];
export type Room = Schemas["RoomListed"];
export type Estate = Schemas["Estate"];
export type Device = Schemas["Device"];
export type DeviceLife = Schemas["DeviceLife"];
export type OtherDevice = Schemas["OtherDevice"];
export type ImportReport = Schemas["ImportReport"];
export type ImportProblem = Schemas["ImportProblem"];
export type Label = Schemas["Label"];
export type LabelAddress = Schemas["LabelAddress"];
export type LabelGrid = Schemas["LabelGrid"];
export type Member = Schemas["Member"];
export type Person = Schemas["UserAdmin"];
export type Contract = Schemas["ContractAccess"];
export type { Page } from "../../../api/types";

/** Every room with the building that it stands in, in the tree's order. */
export function roomsOf(estate: Estate | null): { building: Building; room: Room }[] {
  return (estate?.buildings ?? []).flatMap((building) =>
    building.floors.flatMap((floor) => floor.rooms.map((room) => ({ building, room }))),
  );
}
