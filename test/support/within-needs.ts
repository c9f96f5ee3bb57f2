import assert from "node:assert/strict";
import type { PolicyRule } from "../../base/index.ts";
import type { KindRef, ObjectClient, WriteOptions } from "../../kube/index.ts";
import { faultLine, type FaultLine } from "./faults.ts";

interface Call {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Holds what a controller asks against the rights that it lists. */
export interface NeedsGuard {
  client(client: ObjectClient): ObjectClient;
  /** A line of a rig whose every call is held against the list. */
  readonly line: FaultLine;
  /** Fails with every call that no listed right covers. */
  verify(): void;
  /** Listed rights, as `verb group/resource`, that nothing has used so far; those for Events that repeat are left out. */
  unused(): string[];
}

/** Whether a right holds in the namespace of a call. Which namespaces are of Projects is known in a cluster only: here, any namespace. */
function holdsIn(rule: PolicyRule, namespace: string | undefined): boolean {
  if (rule.in === undefined || rule.in === "cluster") return true;
  return namespace !== undefined && (rule.in !== "system" || namespace === "flyteops-system");
}

function covers(rule: PolicyRule, call: Call): boolean {
  return (
    rule.apiGroups.includes(call.group) &&
    rule.resources.includes(call.resource) &&
    rule.verbs.includes(call.verb) &&
    holdsIn(rule, call.namespace) &&
    (rule.resourceNames === undefined || (call.name !== undefined && rule.resourceNames.includes(call.name)))
  );
}

const wordsOf = ({ verb, group, resource }: Call): string => `${verb} ${group === "" ? "core" : group}/${resource}`;

/** A list or watch of one object by its name is a right to that name. */
const nameIn = (how?: { readonly fieldSelector?: string | undefined }): string | undefined => /^metadata\.name=([^,]+)$/.exec(how?.fieldSelector ?? "")?.[1];

/** The account that a call acts as: `system:serviceaccount:<namespace>:<name>`. */
function impersonationOf(user: string): Call {
  const [, , namespace, name] = user.split(":");
  return { verb: "impersonate", group: "", resource: "serviceaccounts", namespace, name };
}

export function withinNeeds(...lists: readonly (readonly PolicyRule[])[]): NeedsGuard {
  const needs = lists.flat();
  const outside = new Set<string>();
  const used = new Set<string>();

  function asked(call: Call): void {
    const words = wordsOf(call);
    if (needs.some((rule) => covers(rule, call))) used.add(words);
    else outside.add(`${words} in ${call.namespace ?? "the whole cluster"}${call.name === undefined ? "" : `: ${call.name}`}`);
  }

  function ask(kind: KindRef, verb: string, where: { namespace?: string | undefined; name?: string | undefined }, how?: Partial<WriteOptions>): void {
    if (how?.impersonate) return asked(impersonationOf(how.impersonate.user));
    const resource = how?.subresource === undefined ? kind.plural : `${kind.plural}/${how.subresource}`;
    asked({ verb, group: kind.group, resource, namespace: kind.namespaced ? where.namespace : undefined, name: where.name });
  }

  const guarded = (client: ObjectClient): ObjectClient => ({
    get: (kind, ref, how) => (ask(kind, "get", ref, how), client.get(kind, ref, how)),
    list: (kind, how) => (ask(kind, "list", { namespace: how?.namespace, name: nameIn(how) }), client.list(kind, how)),
    watch: (kind, how) => (ask(kind, "watch", { namespace: how.namespace, name: nameIn(how) }), client.watch(kind, how)),
    create: (kind, object, how) => (ask(kind, "create", object.metadata, how), client.create(kind, object, how)),
    replace: (kind, object, how) => (ask(kind, "update", object.metadata, how), client.replace(kind, object, how)),
    patch: (kind, ref, patch, how) => {
      ask(kind, "patch", ref, how);
      // An apply may make the object, and is then asked for this right too.
      if (patch.type === "apply" && how?.subresource === undefined) ask(kind, "create", ref, how);
      return client.patch(kind, ref, patch, how);
    },
    delete: (kind, ref, how) => (ask(kind, "delete", ref, how), client.delete(kind, ref, how)),
  });

  return {
    client: guarded,
    line: { ...faultLine(), client: guarded },
    verify: () => assert.deepEqual([...outside].sort(), [], "asked for, but not among the needs"),
    unused() {
      const listed = needs.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => wordsOf({ verb, group, resource, namespace: "", name: "" })))),
      );
      return [...new Set(listed)].filter((words) => !used.has(words) && !/^(get|patch) core\/events$/.test(words)).sort();
    },
  };
}
