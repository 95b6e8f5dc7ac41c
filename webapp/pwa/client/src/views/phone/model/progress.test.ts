import { expect, it } from "vitest";
import { haystack, makeMatcher } from "./find";
import { byRoom, floorOrder, groupRooms, monthsBetween, nextTodo, progressOf, type TaskOutcome } from "./progress";

const task = (id: number, outcome: TaskOutcome, room_id = 1) => ({ id, room_id, outcome });

it("counts what was tested apart from what could not be", () => {
  const tasks = [task(1, "todo"), task(2, "normal"), task(3, "abnormal"), task(4, "not_tested")];
  expect(progressOf(tasks)).toEqual({ total: 4, done: 2, abnormal: 1, notTested: 1, todo: 1 });
  expect([...byRoom([...tasks, task(5, "todo", 2)]).keys()]).toEqual([1, 2]);
});

it("walks through a building from the basement up", () => {
  expect(["12F", "B1", "3层", "地下2层", "屋顶", "负1"].sort((a, b) => floorOrder(a) - floorOrder(b))).toEqual([
    "地下2层", "B1", "负1", "3层", "12F", "屋顶",
  ]);
  const room = (id: number, floor: string, name_zh: string) => ({ id, building_id: 9, floor, name_zh });
  const groups = groupRooms(
    [{ id: 8, position: 0 }, { id: 9, position: 1 }],
    [room(1, "2F", "会议室10"), room(2, "2F", "会议室2"), room(3, "B1", "报告厅")],
  );
  expect(groups).toHaveLength(1);
  expect(groups[0].floors.map((floor) => [floor.floor, floor.rooms.map((r) => r.id)])).toEqual([
    ["B1", [3]], ["2F", [2, 1]],
  ]);
});

it("offers the next device, round the end once", () => {
  const tasks = [task(1, "todo"), task(2, "todo"), task(3, "normal")];
  expect(nextTodo(tasks, 2)?.id).toBe(1);
  expect(nextTodo(tasks)?.id).toBe(1);
  expect(nextTodo([task(1, "todo")], 1)).toBeNull();
});

it("counts months over the turn of a year", () => {
  expect(monthsBetween("2025-11", "2026-02")).toBe(3);
  expect(monthsBetween("2026-02", "2026-02")).toBe(0);
});

it("finds by any words, wide or narrow, in any order", () => {
  const text = haystack(["投影机", "Epson CB-L610U", null, "３楼 会议室A"]);
  expect(makeMatcher("l610 会议室a")(text)).toBe(true);
  expect(makeMatcher("3楼")(text)).toBe(true);
  expect(makeMatcher("sony")(text)).toBe(false);
});
