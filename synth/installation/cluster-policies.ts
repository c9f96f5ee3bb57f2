import { LABEL } from "../../base/index.ts";
import { SYSTEM_NAMESPACE } from "../tenancy.ts";
import { metadata } from "./metadata.ts";
import { NAME } from "./names.ts";
import type { Manifest } from "../render.ts";

const FLOW = "flowcontrol.apiserver.k8s.io/v1";

function flowSchema(name: string, version: string, spec: Record<string, unknown>): Manifest {
  return { apiVersion: FLOW, kind: "FlowSchema", metadata: metadata(name, { version, component: "flow-control" }), spec };
}

/**
 * A share of the API server for the programs, so that neither do they crowd out others nor others them; renewals of Leases go with those of
 * Kubernetes itself, because a program that cannot renew stops working.
 */
export function flowControl(accounts: readonly string[], version: string): Manifest[] {
  const subjects = accounts.map((name) => ({ kind: "ServiceAccount", serviceAccount: { name, namespace: SYSTEM_NAMESPACE } }));
  const level: Manifest = {
    apiVersion: FLOW,
    kind: "PriorityLevelConfiguration",
    metadata: metadata(NAME.flow, { version, component: "flow-control" }),
    spec: {
      type: "Limited",
      limited: {
        nominalConcurrencyShares: 30,
        lendablePercent: 50,
        limitResponse: { type: "Queue", queuing: { queues: 64, handSize: 6, queueLengthLimit: 50 } },
      },
    },
  };
  const leases = {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["get", "list", "create", "update", "delete"],
    namespaces: [SYSTEM_NAMESPACE],
  };
  const everything = { apiGroups: ["*"], resources: ["*"], verbs: ["*"], namespaces: ["*"], clusterScope: true };
  return [
    level,
    flowSchema(`${NAME.flow}-leases`, version, {
      priorityLevelConfiguration: { name: "leader-election" },
      matchingPrecedence: 700,
      distinguisherMethod: { type: "ByUser" },
      rules: [{ subjects, resourceRules: [leases] }],
    }),
    flowSchema(NAME.flow, version, {
      priorityLevelConfiguration: { name: NAME.flow },
      matchingPrecedence: 1000,
      distinguisherMethod: { type: "ByUser" },
      rules: [{ subjects, resourceRules: [everything], nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }] }],
    }),
  ];
}

const ADMISSION = "admissionregistration.k8s.io/v1";

/** What a signal carries from git is vouched for by the commit, and marked unverified in the status: the sync may write any name. */
const FROM_GIT = `request.userInfo.username.startsWith("system:serviceaccount:") && "${LABEL.syncUid}" in object.metadata.?labels.orValue({})`;

/** Refuses a signal whose `by` is not whoever writes it. A ValidatingAdmissionPolicy exists in Kubernetes 1.30 and newer. */
export function signalPolicy(version: string): Manifest[] {
  const facts = { version, component: "admission" };
  return [
    {
      apiVersion: ADMISSION,
      kind: "ValidatingAdmissionPolicy",
      metadata: metadata(NAME.signalPolicy, facts),
      spec: {
        failurePolicy: "Fail",
        matchConstraints: { resourceRules: [{ apiGroups: ["flyte.org"], apiVersions: ["*"], operations: ["CREATE", "UPDATE"], resources: ["runs"] }] },
        matchConditions: [{ name: "gives-signals", expression: "has(object.spec.signals)" }],
        variables: [{ name: "given", expression: "oldObject == null ? {} : oldObject.spec.?signals.orValue({})" }],
        validations: [
          {
            expression: `${FROM_GIT} || object.spec.signals.all(node, node in variables.given || !has(object.spec.signals[node].by) || object.spec.signals[node].by == request.userInfo.username)`,
            messageExpression: '"by of a signal is whoever gives it: write " + request.userInfo.username + ", or leave it out"',
            reason: "Forbidden",
          },
        ],
      },
    },
    {
      apiVersion: ADMISSION,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: metadata(NAME.signalPolicy, facts),
      spec: { policyName: NAME.signalPolicy, validationActions: ["Deny"] },
    },
  ];
}
