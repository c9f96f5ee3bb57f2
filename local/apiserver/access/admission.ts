import type { KubeObject } from "../../../kube/index.ts";
import type { Call } from "../wire/target.ts";
import { forbidden } from "./forbid.ts";
import { type Escalation, refuseEscalation } from "./rbac/escalation.ts";

/** What has a say in a write besides the kind itself. Every method throws the 403 that its caller gets. */
export interface Admission {
  /** Before an object that is to be created is checked; may fill in fields. */
  create(call: Call, object: KubeObject): void;
  /** Before an object replaces `live`. */
  update(call: Call, object: KubeObject, live: KubeObject): void;
}

/** Who may update may not therefore create: a PUT or an apply that finds nothing needs the right to create as well. */
function refuseCreation({ authorizer }: Escalation, { user, target }: Call): void {
  const { kind, namespace, name } = target;
  if (name === "") return;
  const wanted = { verb: "create", group: kind.group, resource: kind.plural, subresource: "", namespace, name, path: "" };
  const { allowed, reason } = authorizer.decide(user, wanted);
  if (!allowed) throw forbidden(user, wanted, reason);
}

export function admission(escalation: Escalation): Admission {
  return {
    create(call, object) {
      refuseCreation(escalation, call);
      refuseEscalation(escalation, call, object, undefined);
    },
    update: (call, object, live) => refuseEscalation(escalation, call, object, live),
  };
}
