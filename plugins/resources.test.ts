import assert from "node:assert/strict";
import fc from "fast-check";
import { formatBinary, growMemory, parseQuantity } from "../base/index.ts";
import { canGrow, effectiveResources } from "./resources.ts";

describe("quantities", () => {
  const equal: [string, string][] = [
    ["1", "1000m"],
    ["0.5", "500m"],
    ["1Ki", "1024"],
    ["1.5Gi", "1536Mi"],
    ["1e3", "1k"],
    ["2E", "2e18"],
    [".5", "0.5"],
    ["100n", "0.1u"],
  ];
  for (const [left, right] of equal) it(`${left} is ${right}`, () => assert.equal(parseQuantity(left), parseQuantity(right)));
  for (const text of ["", "x", "1 Gi", "1gb", "--1", ".", "1e", "0x10"]) it(`"${text}" is none`, () => assert.equal(parseQuantity(text), undefined));

  it("print and read back exactly, as whole units", () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 60n }), (units) => assert.equal(parseQuantity(formatBinary(units * 10n ** 9n)), units * 10n ** 9n)));
  });

  it("grow to whole mebibytes", () => assert.equal(formatBinary(growMemory(parseQuantity("100Mi") ?? 0n, 1.5)), "150Mi"));
});

describe("effective resources", () => {
  const asked = (requests: Record<string, string>, limits: Record<string, string> = {}) => ({ requests, limits });

  it("take the namespace's defaults for what is not asked", () => {
    assert.deepEqual(effectiveResources(asked({ cpu: "1" }), { taskDefaults: { cpu: "500m", memory: "512Mi" } }), {
      requests: { cpu: "1", memory: "512Mi" },
      limits: { cpu: "1", memory: "512Mi" },
    });
  });

  it("limit to the request, and request the limit", () => {
    assert.deepEqual(effectiveResources(asked({ memory: "1Gi" }, { "nvidia.com/gpu": "1" }), {}), {
      requests: { memory: "1Gi", "nvidia.com/gpu": "1" },
      limits: { memory: "1Gi", "nvidia.com/gpu": "1" },
    });
  });

  it("are refused above the namespace's limit, never clamped", () => {
    assert.throws(() => effectiveResources(asked({ cpu: "17" }), { taskLimits: { cpu: "16" } }), { reason: "ResourceLimitExceeded" });
    assert.doesNotThrow(() => effectiveResources(asked({ cpu: "16000m" }), { taskLimits: { cpu: 16 } }));
  });

  it("are refused when the request is above the limit, or is no quantity", () => {
    assert.throws(() => effectiveResources(asked({ cpu: "2" }, { cpu: "1" }), {}), { reason: "InvalidSpec" });
    assert.throws(() => effectiveResources(asked({ cpu: "lots" }), {}), { reason: "InvalidSpec" });
  });

  it("grow after kills for memory, up to the smaller of maxMemory and the namespace's limit", () => {
    const memoryAfter = (oomKills: number, quota = {}) =>
      effectiveResources(asked({ memory: "256Mi" }), quota, { oomKills, factor: 2, max: "2Gi" }).limits["memory"];
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((kills) => memoryAfter(kills)),
      ["256Mi", "512Mi", "1Gi", "2Gi", "2Gi"],
    );
    assert.equal(memoryAfter(3, { taskLimits: { memory: "1Gi" } }), "1Gi");
  });

  it("know when growing would change nothing", () => {
    const growth = (oomKills: number) => ({ oomKills, factor: 2, max: "1Gi" });
    assert.deepEqual(
      [0, 1, 2].map((kills) => canGrow(asked({ memory: "256Mi" }), {}, growth(kills))),
      [true, true, false],
    );
    assert.equal(canGrow(asked({}), {}, growth(0)), false);
    assert.equal(canGrow(asked({ memory: "4Gi" }), {}, growth(0)), false);
  });
});
