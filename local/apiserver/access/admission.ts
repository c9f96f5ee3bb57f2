import type { KubeObject } from "../../../kube/index.ts";
import type { Store } from "../storage/store.ts";
import type { Call } from "../wire/target.ts";
import { forbidden } from "./forbid.ts";
import { fillFromLimits, refuseOutsideLimits } from "./limits/limit-range.ts";
import { checkGrowth, holdQuota } from "./quota/charge.ts";
import type { Ledger } from "./quota/ledger.ts";
import { PODS } from "./quota/usage.ts";
import { type Escalation, refuseEscalation } from "./rbac/escalation.ts";

/** What has a say in a write besides the kind itself. Every method throws the 403 that its caller gets. */
export interface Admission {
  /** Before an object that is to be created is checked; may fill in fields. */
  create(call: Call, object: KubeObject): void;
  /**
   * When an object that is to be created is known to be right and about to be stored. Holds what it uses of its namespace's
   * quotas until the returned function is called: after the write, however it ended.
   */
  hold(call: Call, object: KubeObject): () => void;
  /** Before an object replaces `live`. */
  update(call: Call, object: KubeObject, live: KubeObject): void;
}

export interface AdmissionDeps extends Escalation {
  readonly store: Store;
  readonly ledger: Ledger;
}

/** Who may update may not therefore create: a PUT or an apply that finds nothing needs the right to create as well. */
function refuseCreation({ authorizer }: Escalation, { user, target }: Call): void {
  const { kind, namespace, name } = target;
  if (name === "") return;
  const wanted = { verb: "create", group: kind.group, resource: kind.plural, subresource: "", namespace, name, path: "" };
  const { allowed, reason } = authorizer.decide(user, wanted);
  if (!allowed) throw forbidden(user, wanted, reason);
}

export function admission(deps: AdmissionDeps): Admission {
  const { store, ledger } = deps;
  return {
    create(call, object) {
      refuseCreation(deps, call);
      refuseEscalation(deps, call, object, undefined);
      if (call.target.kind.collection === PODS) fillFromLimits(store, call.target.namespace, object);
    },
    hold(call, object) {
      if (call.target.kind.collection === PODS) refuseOutsideLimits(store, call, object);
      return holdQuota(ledger, call, object);
    },
    update(call, object, live) {
      refuseEscalation(deps, call, object, live);
      checkGrowth(ledger, call, object, live);
    },
  };
}
