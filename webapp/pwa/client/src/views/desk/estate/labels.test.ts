import { describe, expect, it } from "vitest";
import { gridFaults, pagesFor, placesOf, shownCode, type Grid } from "./labels";

const L7160: Grid = {
  page_width: 210,
  page_height: 297,
  columns: 3,
  rows: 7,
  label_width: 63.5,
  label_height: 38.1,
  margin_left: 7.25,
  margin_top: 15.15,
  gap_x: 2.5,
  gap_y: 0,
};

describe("a sheet of labels", () => {
  it("lays them out row by row", () => {
    const places = placesOf(L7160);
    expect(places).toHaveLength(21);
    expect(places[1]).toEqual({ x: 73.25, y: 15.15 });
    expect(places[3].y).toBeCloseTo(53.25);
  });

  it("says which field keeps the labels off the page, as the server does", () => {
    expect(gridFaults(L7160)).toEqual({});
    expect(gridFaults({ ...L7160, columns: 4 })).toEqual({ columns: "off_page" });
    expect(gridFaults({ ...L7160, rows: 8 })).toEqual({ rows: "off_page" });
    expect(gridFaults({ ...L7160, label_width: 19.9 })).toEqual({ label_width: "too_small" });
  });

  it("counts the pages from the first free place", () => {
    expect(pagesFor(0, L7160, 1)).toBe(0);
    expect(pagesFor(21, L7160, 1)).toBe(1);
    expect(pagesFor(21, L7160, 2)).toBe(2);
  });

  it("writes a code as people read it", () => {
    expect(shownCode("BVBZBHZX")).toBe("BVBZ-BHZX");
  });
});
