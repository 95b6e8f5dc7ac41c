import { beforeEach, describe, expect, test } from "vitest";
import "../../../i18n/desk";
import { settings } from "../../../stores/settings.svelte";
import type { Phone } from "./types";
import { amountText, clockText, phoneTrouble, waitedText } from "./words";

const PHONE: Phone = {
  id: 1,
  phone_id: "p",
  user_id: 1,
  user_name: "张伟",
  user_name_en: "Zhang Wei",
  user_state: "member",
  unsent_records: 2,
  unsent_photos: 3,
  lost_photos: 0,
  app_version: "1",
  storage_used_bytes: null,
  storage_quota_bytes: null,
  storage_persisted: null,
  clock_offset_seconds: 0,
  last_seen_at: new Date(Date.now() - 4 * 86_400_000).toISOString(),
  silent: false,
};

beforeEach(() => {
  settings.language = "en";
});

describe("how a phone is", () => {
  test("a phone that holds something and is well has no trouble", () => {
    expect(phoneTrouble(PHONE)).toBeNull();
  });

  test("who may send no more comes before silence, and silence before lost photos", () => {
    const silent = { ...PHONE, silent: true, lost_photos: 1 };
    expect(phoneTrouble({ ...silent, user_state: "disabled" })?.text).toContain("disabled");
    expect(phoneTrouble(silent)?.text).toContain("4 days ago");
    expect(phoneTrouble({ ...silent, silent: false })?.state).toBe("attention");
  });

  test("who has left and holds nothing is no trouble", () => {
    expect(phoneTrouble({ ...PHONE, user_state: "left", unsent_records: 0, unsent_photos: 0 })).toBeNull();
  });
});

test("an amount leaves out what there is none of", () => {
  expect(amountText({ records: 1, photos: 2 })).toBe("1 record, 2 photos");
  expect(amountText({ records: 3, photos: 0 })).toBe("3 records");
  expect(amountText({ records: 0, photos: 1 })).toBe("1 photo");
});

test("a clock is worth a word from five minutes on, whichever way it is off", () => {
  expect(clockText(299)).toBe("");
  expect(clockText(-720)).toContain("12 min");
  expect(clockText(3 * 3_600)).toContain("3 h");
  expect(clockText(-10 * 86_400)).toContain("10 days");
});

test("waiting is told in whole days", () => {
  const now = Date.parse("2026-03-10T00:00:00Z");
  expect(waitedText("2026-03-09T01:00:00Z", now)).toBe("Since today");
  expect(waitedText("2026-03-08T23:00:00Z", now)).toBe("1 day");
});
