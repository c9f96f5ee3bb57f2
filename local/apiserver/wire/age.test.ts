import assert from "node:assert/strict";
import { ageOf, humanAge } from "./age.ts";

describe("ages", () => {
  const cases: Readonly<Record<string, number>> = {
    "<invalid>": -5,
    "0s": 0,
    "119s": 119,
    "2m": 120,
    "2m5s": 125,
    "10m": 605,
    "179m": 179 * 60,
    "3h": 180 * 60,
    "3h1m": 181 * 60,
    "8h": 8 * 3600 + 60,
    "47h": 47 * 3600,
    "2d": 48 * 3600,
    "2d3h": 51 * 3600,
    "8d": 8 * 86400 + 3600,
    "729d": 729 * 86400,
    "2y": 730 * 86400,
    "2y70d": 800 * 86400,
    "8y": 8 * 365 * 86400 + 86400,
  };
  for (const [text, seconds] of Object.entries(cases)) it(`shows ${seconds} seconds as ${text}`, () => assert.equal(humanAge(seconds * 1_000), text));

  it("does not know the age of what has no time", () => {
    assert.deepEqual([ageOf(undefined, 0), ageOf("yesterday", 0), ageOf("1970-01-01T00:00:00Z", 5_000)], ["<unknown>", "<unknown>", "5s"]);
  });
});
