import assert from "node:assert/strict";
import fc from "fast-check";
import { isStampedAlike, type Manifest, type PhaseReport, type ResourcePlugin, stamp } from "../../plugins/index.ts";
import { buildContext } from "./build-context.ts";

const CONTEXT = buildContext();
const PHASES = ["Queued", "WaitingForResources", "Initializing", "Running"];

function isReport(report: PhaseReport): boolean {
  if (report.kind === "ongoing") return PHASES.includes(report.phase) && typeof report.message === "string";
  if (report.kind === "failed") return report.error.code !== "" && ["USER", "SYSTEM"].includes(report.error.kind);
  return report.kind === "exited" && Number.isFinite(report.exitCode);
}

/** What every resource plugin promises. Each plugin's test calls this. */
export function describePlugin(plugin: ResourcePlugin): void {
  describe(`the ${plugin.name} plugin as a plugin`, () => {
    it("builds the same from the same, and does not change what it is given", () => {
      const before = structuredClone(CONTEXT.identity);
      assert.deepEqual(plugin.build(CONTEXT), plugin.build(CONTEXT));
      assert.deepEqual(CONTEXT.identity, before);
    });

    it("builds only kinds that it says it watches", () => {
      const kinds = plugin.watches.map(({ group, version, kind }) => `${group === "" ? version : `${group}/${version}`} ${kind}`);
      for (const { apiVersion, kind } of plugin.build(CONTEXT)) assert.ok(kinds.includes(`${apiVersion} ${kind}`), `${apiVersion} ${kind}`);
    });

    it("leaves name, namespace, owner and finalizers to the controller", () => {
      for (const { metadata } of plugin.build(CONTEXT)) {
        for (const field of ["name", "namespace", "ownerReferences", "finalizers"]) assert.equal(metadata[field], undefined, field);
      }
    });

    it("says of a fresh object that it is on its way", () => {
      const [primary] = plugin.build(CONTEXT) as [Manifest];
      const report = plugin.phase(primary, { now: 0, config: CONTEXT.config });
      assert.equal(report.kind, "ongoing");
    });

    it("answers every status with a report, and never throws", () => {
      const [primary] = plugin.build(CONTEXT) as [Manifest];
      const anything = fc.anything({
        maxDepth: 4,
        key: fc.constantFrom("phase", "reason", "message", "conditions", "containerStatuses", "name", "state", "waiting", "terminated", "exitCode"),
      });
      fc.assert(
        fc.property(anything, fc.boolean(), (status, deleting) => {
          const metadata = { ...primary.metadata, ...(deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) };
          assert.ok(isReport(plugin.phase({ ...primary, metadata, status }, { now: 0, config: CONTEXT.config })));
        }),
        { numRuns: 200 },
      );
    });

    it("is recognised when stamped, and told from another attempt, run or build", () => {
      const [primary] = plugin.build(CONTEXT) as [Manifest];
      const stamped = stamp(primary, CONTEXT, "a-0");
      assert.ok(isStampedAlike(structuredClone(stamped), stamped));
      const others = [
        stamp(primary, { ...CONTEXT, attempt: 1 }, "a-0"),
        stamp(primary, { ...CONTEXT, identity: { ...CONTEXT.identity, runUid: "another" } }, "a-0"),
        stamp(primary, { ...CONTEXT, identity: { ...CONTEXT.identity, uid: "another" } }, "a-0"),
        stamp({ ...primary, spec: { other: true } }, CONTEXT, "a-0"),
      ];
      for (const other of others) assert.equal(isStampedAlike(other, stamped), false);
    });
  });
}
