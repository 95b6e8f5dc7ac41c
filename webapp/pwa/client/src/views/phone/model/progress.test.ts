import { expect, it } from "vitest";
import { haystack, makeMatcher } from "./find";
import { doneOf, floorKey, floorOrder, floorTotals, groupRooms, nextTodo, stateOf } from "./progress";

const totals = { all: 4, todo: 1, normal: 1, abnormal: 1, not_tested: 1, started: 0 };

it("tells what was tested, and the state of a room once it is through", () => {
  expect(doneOf(totals)).toBe(2);
  expect(stateOf(totals)).toBeNull();
  expect(stateOf({ ...totals, todo: 0 })).toBe("abnormal");
  expect(stateOf({ ...totals, todo: 0, abnormal: 0 })).toBe("normal");
  expect(stateOf({ ...totals, todo: 0, abnormal: 0, normal: 0 })).toBe("not_tested");
});

it("counts the rooms of each building's floors, and those that are through", () => {
  const row = (building_id: number, floor: string, todo: number) => ({
    room: { id: todo, building_id, floor, name_zh: "", name_en: "" },
    building: undefined,
    totals: { ...totals, todo },
  });
  const floors = floorTotals([row(1, "2F", 0), row(1, "2F", 3), row(2, "2F", 0)]);
  expect(floors.get(floorKey(row(1, "2F", 9)))).toEqual({ done: 1, all: 2 });
  expect(floors.get(floorKey(row(2, "2F", 9)))).toEqual({ done: 1, all: 1 });
});

it("walks through a building from the basement up", () => {
  const floors = ["12F", "B1", "3层", "地下2层", "屋顶"];
  expect(floors.sort((a, b) => floorOrder(a) - floorOrder(b))).toEqual([
    "地下2层",
    "B1",
    "3层",
    "12F",
    "屋顶",
  ]);
  const building = { id: 9, name_zh: "总部", name_en: "HQ", position: 0 };
  const placed = (id: number, floor: string) => ({
    room: { id, building_id: 9, floor, name_zh: `${id}`, name_en: "" },
    building,
  });
  const groups = groupRooms([placed(1, "2F"), placed(2, "2F"), placed(3, "B1")]);
  expect(groups).toHaveLength(1);
  expect(groups[0]!.floors.map(({ floor, rows }) => [floor, rows.map((r) => r.room.id)])).toEqual([
    ["B1", [3]],
    ["2F", [1, 2]],
  ]);
});

it("offers the next device, round the end once", () => {
  const rows = [
    { id: 1, todo: true },
    { id: 2, todo: true },
    { id: 3, todo: false },
  ];
  const next = (id: number) => nextTodo(rows, (row) => row.id === id, (row) => row.todo)?.id;
  expect(next(1)).toBe(2);
  expect(next(2)).toBe(1);
  expect(next(99)).toBe(1);
  expect(nextTodo([rows[0]!], (row) => row.id === 1, (row) => row.todo)).toBeNull();
});

it("finds by any words, wide or narrow, in any order", () => {
  const text = haystack(["投影机", "Epson CB-L610U", null, "３楼 会议室A"]);
  expect(makeMatcher("l610 会议室a")(text)).toBe(true);
  expect(makeMatcher("3楼")(text)).toBe(true);
  expect(makeMatcher("sony")(text)).toBe(false);
});
