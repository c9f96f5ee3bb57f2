import assert from "node:assert/strict";
import type { Clock } from "../../base/index.ts";
import type { ContainerRuntime, ImageStore, StoredImage } from "./container-runtime.ts";
import { imageGate } from "./image-gate.ts";
import type { Container } from "./pod-shapes.ts";
import type { Slot } from "./pod-status.ts";
import { ImageProblem } from "./runtime-errors.ts";

const stored: StoredImage = { reference: "1", id: "sha256:1", user: "" };

function world(images: Partial<ImageStore>, imagePullPolicy: Container["imagePullPolicy"]) {
  let now = 0;
  const clock: Clock = { now: () => now, after: () => () => undefined };
  const container: Container = { name: "main", image: "app:1", ...(imagePullPolicy ? { imagePullPolicy } : {}) };
  const slot: Slot = {
    container,
    role: "main",
    state: { waiting: { reason: "ContainerCreating" } },
    last: undefined,
    restarts: 0,
    started: false,
    ready: false,
    id: undefined,
    imageId: "",
  };
  const store: ImageStore = { find: async () => undefined, pull: async () => stored, ...images };
  const events: string[] = [];
  let changed: () => void = () => undefined;
  const deps = { clock, changed: () => changed(), note: (_type: string, reason: string) => void events.push(reason) };
  const gate = imageGate(slot, { images: store } as ContainerRuntime, deps);
  return {
    gate,
    events,
    reason: () => ("waiting" in slot.state ? slot.state.waiting.reason : ""),
    /** Asks, and waits until what was begun is through. */
    async ask() {
      const told = new Promise<void>((resolve) => (changed = resolve));
      const passed = gate.pass();
      if (!passed && gate.retryAt === undefined) await told;
      return passed;
    },
    at(ms: number) {
      now = ms;
    },
  };
}

const failing = { pull: async () => Promise.reject(new ImageProblem("ErrImagePull", "no such registry")) };

describe("an image before its container", () => {
  it("lets a container start with an image that is here, without pulling it", async () => {
    const { ask, gate, events } = world({ find: async () => stored, pull: async () => assert.fail("pulled") }, "IfNotPresent");
    assert.equal(await ask(), undefined);
    assert.deepEqual(gate.pass(), { image: stored });
    assert.deepEqual(events, ["Pulled"]);
  });

  it("pulls what is not here, and always where the policy says so", async () => {
    for (const [policy, find] of [
      ["IfNotPresent", async () => undefined],
      ["Always", async () => stored],
    ] as const) {
      const { ask, gate, events } = world({ find }, policy);
      await ask();
      assert.deepEqual(gate.pass(), { image: stored });
      assert.deepEqual(events, ["Pulling", "Pulled"]);
    }
  });

  it("never pulls where the policy forbids it", async () => {
    const { ask, reason, gate } = world({ pull: async () => assert.fail("pulled") }, "Never");
    await ask();
    assert.equal(reason(), "ErrImageNeverPull");
    assert.equal(gate.pass(), undefined);
  });

  it("shows a failed pull, then its back-off, which doubles, and pulls again when it is over", async () => {
    const { ask, at, reason, gate, events } = world(failing, "Always");
    await ask();
    assert.equal(reason(), "ErrImagePull");
    at(gate.retryAt ?? 0);
    gate.pass();
    assert.equal(reason(), "ImagePullBackOff");
    assert.equal(gate.retryAt, 11_000);
    at(10_999);
    assert.equal(gate.pass(), undefined);
    assert.equal(events.filter((event) => event === "Pulling").length, 1);
    at(11_000);
    await ask();
    at(gate.retryAt ?? 0);
    gate.pass();
    assert.equal(gate.retryAt, 32_000);
  });
});
