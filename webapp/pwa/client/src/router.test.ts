import { describe, expect, it } from "vitest";
import { buildPath, localPath, matchPath } from "./router";
import { findRoute, href, routes } from "./routes";

describe("matching a path", () => {
  it.each([
    ["/", "/", {}],
    ["/rooms/:id", "/rooms/12", { id: "12" }],
    ["/rooms/:id", "/rooms/12/", { id: "12" }],
    ["/d/:code", "/d/%E4%B8%AD", { code: "中" }],
    ["/rooms/:id", "/rooms", null],
    ["/rooms/:id", "/rooms/1/2", null],
    ["/rooms/:id", "/rooms/%zz", null],
  ])("%s against %s", (pattern, path, params) => {
    expect(matchPath(pattern, path)).toEqual(params);
  });
});

describe("building an address", () => {
  it("escapes parameters and leaves empty queries out", () => {
    expect(buildPath("/d/:code", { code: "a/b" }, { q: "", page: 2, x: null })).toBe("/d/a%2Fb?page=2");
  });

  it("knows every screen's parameters", () => {
    expect(href("room", { id: 7 })).toBe("/rooms/7");
    expect(href("board", { month: "2026-11" })).toBe("/desk/rounds/2026-11");
    expect(href("signIn", {}, { next: "/scan" })).toBe("/sign-in?next=%2Fscan");
  });
});

describe("an address from outside", () => {
  it.each(["//evil.test", "/\\evil.test", "https://evil.test", "javascript:alert(1)", "", null, "/\t/evil.test"])(
    "never leads elsewhere: %s",
    (next) => expect(localPath(next)).toBe("/"),
  );

  it("keeps a path of ours with its query", () => {
    expect(localPath("/rooms/3?tab=all")).toBe("/rooms/3?tab=all");
  });
});

describe("the table of screens", () => {
  it("finds each route by its own address", () => {
    for (const route of routes) {
      const path = route.path.replace(/:\w+/g, "1");
      expect(findRoute(path).route.path).toBe(route.path);
    }
  });

  it("shows only the sign-in, the kit and what a link or a label opens to strangers", () => {
    const open = routes.filter((route) => route.open).map((route) => route.name);
    expect(open).toEqual(["signIn", "kit", "linkedReport", "linkedQuote", "reportHere", "followedFault"]);
  });

  it("has an answer for an unknown address", () => {
    expect(findRoute("/nothing/here").route.path).toBe("");
  });
});
