import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { realClock } from "./fixtures/world.ts";
import { memoryLimits } from "./memory-limit.ts";

describe("memory limits without cgroups", () => {
  it("add up the process and its children, and call for an end above the limit", async function () {
    this.timeout(10_000);
    const eat = "const kept = Buffer.alloc(80 << 20, 1); setInterval(() => kept.length, 1000)";
    const child = spawn("sh", ["-c", `'${process.execPath}' -e '${eat}' & wait`], { detached: true, stdio: "ignore" });
    const limits = memoryLimits(realClock, false);
    assert.equal(limits.enforcedBy, "polling");
    const limit = limits.limit("test", 100 * 2 ** 20);
    await new Promise<void>((resolve) => limit?.watch(child.pid ?? 0, resolve));
    assert.equal(limit?.exceeded(), true);
    limit?.close();
    process.kill(-(child.pid ?? 0), "SIGKILL");
  });

  it("leave a container without a limit alone", () => assert.equal(memoryLimits(realClock, false).limit("x", undefined), undefined));
});
