import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fastClock, sh, startWorld, type World } from "./fixtures/world.ts";
import type { Pod, PodStatus } from "./pod-shapes.ts";
import { sandboxCapability } from "./sandbox-capability.ts";

const waiting = ({ status }: Pod, reason: string) =>
  status?.containerStatuses?.some(({ state }) => "waiting" in state && state.waiting.reason === reason) ?? false;
const messageOf = (status: PodStatus) => {
  const state = status.containerStatuses?.[0]?.state;
  return state && "terminated" in state ? state.terminated.message : undefined;
};

for (const mode of ["namespaces", "plain"] as const) {
  describe(`a hostile pod (${mode})`, function () {
    this.timeout(10_000);
    let world: World;
    let outside: string;

    before(async function () {
      const capability = mode === "plain" ? ({ kind: "plain", reason: "asked for" } as const) : await sandboxCapability(process.env["PATH"] ?? "");
      if (capability.kind !== mode) return this.skip();
      outside = realpathSync(mkdtempSync(join(tmpdir(), "outside-")));
      const state = join(outside, "state");
      for (const path of ["pki", "objects/mine", "objects/others"]) mkdirSync(join(state, path), { recursive: true });
      for (const path of ["pki/token", "objects/mine/x", "objects/others/x"]) writeFileSync(join(state, path), path);
      const hidden = { directory: state, sees: () => [join(state, "objects/mine"), join(state, "objects/made")] };
      world = await startWorld({ capability, clock: fastClock(5), stateDir: join(state, "kubelet"), hidden });
    });
    after(async () => {
      await world?.close();
      if (outside) rmSync(outside, { recursive: true, force: true });
    });

    it("sees of the state directory only what is meant for it, and cannot undo that", async function () {
      if (mode === "plain") return this.skip();
      const script = `cd ${outside}/state; umount ${outside}/state 2>/dev/null; find . -type f | sort; echo new >objects/made/y; echo no 2>/dev/null >z || echo kept`;
      await world.pod("curious", { containers: [sh(script)] });
      assert.equal((await world.finished("curious")).phase, "Succeeded");
      assert.equal(await world.log("curious", "main"), "./objects/mine/x\nkept\n");
      assert.equal(existsSync(join(outside, "state/objects/made/y")), true);
    });

    it("has no directory made outside a volume through a link it left there", async () => {
      const volumes = [{ name: "v", emptyDir: {} }];
      const volumeMounts = [{ name: "v", mountPath: "/flyteops-v" }];
      const plant = sh(`ln -s ${outside} "$V/link"`, { name: "plant", volumeMounts, env: [{ name: "V", value: "/flyteops-v" }] });
      const victims: Record<string, object> = {
        sub: { volumeMounts: [{ name: "v", mountPath: "/flyteops-v", subPath: "link/made" }] },
        work: { volumeMounts, workingDir: "/flyteops-v/link/made" },
      };
      for (const [name, more] of Object.entries(victims)) {
        await world.pod(name, { volumes, initContainers: [plant], containers: [sh("true", more)] });
        await world.when(name, (pod) => waiting(pod, "CreateContainerConfigError"));
        assert.equal(existsSync(join(outside, "made")), false, name);
      }
      if (mode === "plain") return;
      const nested = [...volumeMounts, { name: "w", mountPath: "/flyteops-v/link/made" }];
      await world.pod("nested", {
        volumes: [...volumes, { name: "w", emptyDir: {} }],
        initContainers: [plant],
        containers: [sh("true", { volumeMounts: nested })],
      });
      const status = await world.finished("nested");
      assert.equal(existsSync(join(outside, "made")), false);
      assert.match(messageOf(status) ?? "", /link in the volume is a link, not a directory/);
    });

    it("has no program of its own run outside the sandbox to learn a version", async () => {
      const bin = join(outside, "bin");
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, "tool"), `#!/bin/sh\n[ "$1" = --version ] && : >${outside}/asked\nexit 0\n`);
      chmodSync(join(bin, "tool"), 0o755);
      await world.pod("versioned", { containers: [sh("", { command: ["tool"], env: [{ name: "PATH", value: `${bin}:/usr/bin:/bin` }] })] });
      assert.equal((await world.finished("versioned")).phase, "Succeeded");
      assert.equal(existsSync(join(outside, "asked")), false);
    });

    it("decides about its own loader, not about the launcher's", async function () {
      if (mode === "plain") return this.skip();
      const env = [
        { name: "LD_PRELOAD", value: "/no/such/library.so" },
        { name: "BASH_FUNC_cd%%", value: "() { touch /tmp/no; }" },
        { name: "PLAIN", value: "kept" },
      ];
      await world.pod("loader", { containers: [sh('echo "$LD_PRELOAD $PLAIN"', { env })] });
      assert.equal((await world.finished("loader")).phase, "Succeeded");
      const lines = (await world.log("loader", "main")).split("\n");
      assert.ok(lines.includes("/no/such/library.so kept"), lines.join("|"));
      // The loader complains once per program it loads with the variable set: the shell of the container, and nothing before it.
      assert.equal(lines.filter((line) => line.includes("cannot be preloaded")).length <= 1, true, lines.join("|"));
    });

    it("does not hold up the kubelet with a fifo in place of its last message", async function () {
      if (mode === "namespaces") return this.skip();
      const script = 'cd "$TMPDIR/.." && rm termination-log && mkfifo termination-log';
      await world.pod("fifo", { containers: [sh(script)] });
      assert.equal((await world.finished("fifo")).phase, "Succeeded");
    });
  });
}
