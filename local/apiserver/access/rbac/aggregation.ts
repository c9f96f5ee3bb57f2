import { messageOf } from "../../../../base/index.ts";
import type { Transport } from "../../../../kube/index.ts";
import type { Core } from "../../core.ts";
import { CLUSTER_ROLES, RBAC_GROUP } from "./policy-index.ts";
import { gatheredRules } from "./gathered-rules.ts";

export interface RoleAggregation {
  /** Resolves when nothing is under way any longer. */
  stop(): Promise<void>;
}

const MANAGER = "clusterrole-aggregation-controller";
const TRIES = 3;

/** Keeps the rules of ClusterRoles that gather those of others, as soon as any of them changes. */
export function roleAggregation(core: Core, transport: Transport): RoleAggregation {
  let working: Promise<void> | undefined;
  let again = false;

  async function apply(name: string, rules: readonly object[]): Promise<void> {
    const body = JSON.stringify({ apiVersion: `${RBAC_GROUP}/v1`, kind: "ClusterRole", metadata: { name }, rules });
    const path = `/apis/${RBAC_GROUP}/v1/clusterroles/${encodeURIComponent(name)}?fieldManager=${MANAGER}&force=true`;
    const answer = await transport.send({ method: "PATCH", path, headers: { "content-type": "application/apply-patch+yaml" }, body });
    if (answer.status >= 300) core.logger.debug("rules not gathered", { role: name, status: answer.status });
  }

  /** One role may gather from another that gathers: until nothing changes. */
  async function settle(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const roles = core.store.list(CLUSTER_ROLES, "").map(({ object }) => object);
      const stale = roles.flatMap((role) => {
        const rules = role.metadata.deletionTimestamp ? undefined : gatheredRules(role, roles);
        return rules ? [{ name: role.metadata.name, rules }] : [];
      });
      if (stale.length === 0) return;
      for (const { name, rules } of stale) await apply(name, rules);
    }
  }

  async function work(): Promise<void> {
    while (again && !core.closing.aborted) {
      again = false;
      await settle().catch((thrown: unknown) => core.logger.debug("rules not gathered", { error: messageOf(thrown) }));
    }
    working = undefined;
  }

  const look = (): void => {
    again = true;
    working ??= work();
  };
  const unsubscribe = core.store.subscribe(CLUSTER_ROLES, look);
  look();
  return {
    async stop() {
      unsubscribe();
      again = false;
      await working;
    },
  };
}
