import assert from "node:assert/strict";
import { ABSENT } from "./support/absent.ts";
import { at, textAt } from "./support/api.ts";
import { useCluster } from "./support/cluster.ts";

/** What the embedded control plane lacks: a cluster has it, so that there is nothing to ask there. */
if (!process.env["KUBECONFIG"]) {
  describe("conformance: what is absent says so", () => {
    const cluster = useCluster();

    for (const { what, method, path, body, status } of ABSENT) {
      it(`answers ${status} and a sentence to whoever asks for ${what}`, async () => {
        const reply = await cluster.api.send(method, path.replace("{ns}", cluster.namespace), body);
        assert.equal(reply.status, status);
        const message = typeof reply.body === "string" ? reply.body : textAt(reply.body, "message");
        assert.match(message, /\S+ \S+/);
        if (typeof reply.body === "object") assert.deepEqual([at(reply.body, "kind"), at(reply.body, "status")], ["Status", "Failure"]);
      });
    }
  });
}
