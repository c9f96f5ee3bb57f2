import assert from "node:assert/strict";
import { ApiError, Kinds, type KindRef, type ObjectClient, type ObjectRef, type Stored } from "../../kube/index.ts";
import type { Node, OwnerGraph } from "./owner-graph.ts";
import { ownersSeen } from "./owners.ts";

const reference = (name: string, uid = name) => ({ apiVersion: "v1", kind: "ConfigMap", name, uid });
const dependent = (namespace: string, ...owners: readonly ReturnType<typeof reference>[]): Node => ({
  kind: Kinds.Secret,
  object: { apiVersion: "v1", kind: "Secret", metadata: { name: "dependent", namespace, uid: "d", ownerReferences: owners } } as unknown as Stored,
});

describe("the owners of an object", () => {
  /** `namespace/name` of each request. */
  const asked: string[] = [];
  const there = new Map<string, string>();
  // A cache that knows nothing yet: everything is asked of the API.
  const graph = { byUid: () => undefined, kindOf: () => Kinds.ConfigMap } as unknown as OwnerGraph;
  const client = {
    get(_kind: KindRef, { namespace, name }: ObjectRef) {
      const key = `${namespace}/${name}`;
      asked.push(key);
      const uid = there.get(key);
      if (uid === undefined) return Promise.reject(new ApiError(404, "NotFound", "gone"));
      return Promise.resolve({ apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name, uid } });
    },
  } as unknown as ObjectClient;
  const look = ownersSeen(client, graph, () => false);
  const danglingOf = async (node: Node) => (await look(node)).dangling.map(({ name }) => name);

  beforeEach(() => {
    asked.length = 0;
    there.clear();
  });

  it("are not condemned by whoever names them in another namespace or under another name", async () => {
    there.set("home/owner", "u1");
    assert.deepEqual(await danglingOf(dependent("elsewhere", reference("owner", "u1"))), ["owner"]);
    assert.deepEqual(await danglingOf(dependent("home", reference("other", "u1"))), ["other"]);
    assert.deepEqual(await danglingOf(dependent("home", reference("owner", "u1"))), []);
  });

  it("are asked for once when they are gone, and only the latest 500 of them are remembered", async () => {
    const gone = Array.from({ length: 501 }, (_, index) => reference(`gone-${index}`));
    await look(dependent("home", ...gone));
    assert.equal(asked.length, 501);
    await look(dependent("home", ...gone.slice(1)));
    assert.equal(asked.length, 501);
    await look(dependent("home", ...gone.slice(0, 1)));
    assert.equal(asked.at(-1), "home/gone-0");
  });
});
