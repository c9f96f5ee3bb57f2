import assert from "node:assert/strict";
import { UserError } from "./context.ts";
import { refuseElsewhere } from "./find.ts";

describe("what changes something", () => {
  const rows: readonly [name: string, connection: { namespace: string; namespaceGiven: boolean }, found: string, refused: boolean][] = [
    ["is done where the context says", { namespace: "a-production", namespaceGiven: false }, "a-production", false],
    ["is not done in another namespace than that", { namespace: "a-production", namespaceGiven: false }, "b-production", true],
    ["is done wherever the name is found where the context says nothing", { namespace: "default", namespaceGiven: false }, "b-production", false],
    ["is done where -n says", { namespace: "b-production", namespaceGiven: true }, "b-production", false],
  ];
  for (const [name, connection, found, refused] of rows) {
    it(name, () => {
      const ask = () => refuseElsewhere(connection as Parameters<typeof refuseElsewhere>[0], "run x", found);
      if (refused)
        assert.throws(
          ask,
          (thrown: unknown) => thrown instanceof UserError && /in b-production.*a-production/.test(thrown.message) && /-n b-production/.test(`${thrown.hint}`),
        );
      else ask();
    });
  }
});
