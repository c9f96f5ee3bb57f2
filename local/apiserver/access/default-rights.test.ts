import assert from "node:assert/strict";
import type { ObjectLog } from "../storage/object-log.ts";
import { memoryLog } from "../storage/memory-log.ts";
import { harness } from "../testing/harness.ts";

const ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

/** A server over a log, given to `use` and closed. */
async function over(log: ObjectLog, use: (api: Awaited<ReturnType<typeof harness>>) => Promise<void>): Promise<void> {
  const api = await harness({ log });
  await use(api);
  await api.server.close();
}

describe("default roles", () => {
  it("are completed at the next start, and what people added to them stays", async () => {
    const log = memoryLog();
    await over(log, async (api) => {
      await api.patch(`${ROLES}/system:basic-user`, { rules: [{ apiGroups: ["own.dev"], resources: ["things"], verbs: ["get"] }] });
      await api.patch(`${BINDINGS}/system:discovery`, { subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "joe" }] });
      await api.call("DELETE", `${ROLES}/system:public-info-viewer`);
    });
    await over(log, async (api) => {
      const { rules } = (await api.call("GET", `${ROLES}/system:basic-user`)).json;
      assert.deepEqual(
        (rules as unknown as { resources: string[] }[]).map(({ resources }) => resources[0]),
        ["things", "selfsubjectaccessreviews", "selfsubjectreviews"],
      );
      const { subjects } = (await api.call("GET", `${BINDINGS}/system:discovery`)).json;
      assert.deepEqual(
        (subjects as unknown as { name: string }[]).map(({ name }) => name),
        ["joe", "system:authenticated"],
      );
      assert.equal((await api.call("GET", `${ROLES}/system:public-info-viewer`)).status, 200);
    });
  });

  it("are left alone by whom they are marked as not to be updated", async () => {
    const log = memoryLog();
    const marked = { metadata: { annotations: { "rbac.authorization.kubernetes.io/autoupdate": "false" } }, rules: [] };
    await over(log, async (api) => void (await api.patch(`${ROLES}/system:discovery`, marked)));
    await over(log, async (api) => assert.deepEqual((await api.call("GET", `${ROLES}/system:discovery`)).json.rules ?? [], []));
  });

  it("are written once: a second start writes nothing", async () => {
    const log = memoryLog();
    const version = async (api: Awaited<ReturnType<typeof harness>>) => (await api.call("GET", ROLES)).json.metadata?.resourceVersion;
    let first: unknown;
    await over(log, async (api) => void (first = await version(api)));
    await over(log, async (api) => assert.equal(await version(api), first));
  });
});

describe("service account tokens", () => {
  const account = "/api/v1/namespaces/default/serviceaccounts";
  it("end at their time", async () => {
    const api = await harness();
    await api.call("POST", account, { metadata: { name: "robot" } });
    const { json } = await api.call("POST", `${account}/robot/token`, { spec: { expirationSeconds: 600 } });
    const headers = { authorization: `Bearer ${String(json.status?.token)}` };
    const who = () => api.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, { identity: undefined, headers });
    assert.equal((await who()).status, 201);
    await api.clock.advance(599_000);
    assert.equal((await who()).status, 201);
    await api.clock.advance(2_000);
    assert.equal((await who()).status, 401);
    await api.server.close();
  });
});
