import assert from "node:assert/strict";
import { equals, TypedInterfaceSchema } from "../proto/index.ts";
import { recipe } from "../test/support/build-context.ts";
import { decodeTaskTemplate, encodeTaskTemplate } from "./task-recipe.ts";

describe("a task as an action carries it", () => {
  const full = recipe({
    runStartTime: "2026-01-01T00:00:00Z",
    data: { inputPath: "/in", outputPath: "/out", format: "YAML", layout: "NamedDir" },
    secrets: [{ name: "db", key: "password", mount: "env", as: "DB_PASSWORD" }, { name: "all" }],
    container: {
      args: ["--rate", "{{.inputs.rate}}"],
      env: [{ name: "A", value: "1" }],
      workingDir: "/srv",
      requests: { cpu: "1", "example.com/fpga": "2" },
      limits: { memory: "1Gi" },
    },
  });

  it("reads back as it was written, extended resources included", () => {
    const { interface: typed, ...rest } = decodeTaskTemplate(encodeTaskTemplate(full));
    const { interface: wanted, ...others } = full;
    assert.deepEqual(JSON.parse(JSON.stringify(rest)), JSON.parse(JSON.stringify(others)));
    assert.ok(equals(TypedInterfaceSchema, typed, wanted));
  });

  it("is the same text for the same task", () => assert.equal(encodeTaskTemplate(full), encodeTaskTemplate(structuredClone(full))));

  it("is refused when it is no TaskTemplate", () => {
    assert.throws(() => decodeTaskTemplate("bm90IGEgdGVtcGxhdGU="), { reason: "InvalidSpec" });
    assert.throws(() => decodeTaskTemplate(""), { reason: "InvalidSpec" });
  });
});
