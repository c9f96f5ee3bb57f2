import { ApiObject, type Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { allKinds } from "../../crds/index.ts";
import { inOrder, type Manifest, render } from "../render.ts";
import { ACCOUNT, SYSTEM_NAMESPACE } from "../tenancy.ts";
import { flowControl, signalPolicy } from "./cluster-policies.ts";
import { configuration, volume } from "./configuration.ts";
import { type Context } from "./context.ts";
import { metadata } from "./metadata.ts";
import { monitoring } from "./monitoring.ts";
import { networkPolicies } from "./network.ts";
import { type Program, programObjects } from "./program.ts";
import { accountsOf, controllersOf, type Needs, roleManifests } from "./roles.ts";

export interface InstallationInput extends Context {
  readonly needs: Needs;
}

/** The kinds, as every installation of this version has them. */
export function kindManifests(version: string): Manifest[] {
  return allKinds.map((kind) => {
    const crd = kind.crd() as unknown as Manifest;
    const { labels, ...facts } = crd.metadata;
    return { ...crd, metadata: { ...facts, labels: { ...labels, ...metadata("", { version, component: "kinds" }).labels } } };
  });
}

/** The namespace with everything refused that the programs do not need. */
function namespace(chart: Chart, version: string): ApiObject {
  const level = "restricted";
  const labels = { "pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/audit": level, "pod-security.kubernetes.io/warn": level };
  return new k8s.KubeNamespace(chart, "namespace", { metadata: metadata(SYSTEM_NAMESPACE, { version, component: "namespace", labels }) });
}

function accounts(chart: Chart, { flavour, values, version }: Context): ApiObject[] {
  const { annotations } = values.serviceAccount;
  const facts = { version, component: "access", namespace: SYSTEM_NAMESPACE };
  return [
    ...accountsOf(flavour).map((name) => new k8s.KubeServiceAccount(chart, `account-${name}`, { metadata: metadata(name, { ...facts, annotations }) })),
    // Nobody runs as this one: the sync acts as it for GitSyncs of the platform level.
    new k8s.KubeServiceAccount(chart, "account-platform", { metadata: metadata(ACCOUNT.platform, facts), automountServiceAccountToken: false }),
  ];
}

/** The Deployments of a flavour. */
export function programsOf({ flavour, values, needs }: InstallationInput): readonly Program[] {
  if (flavour === "single" || values.sync === undefined) return [{ account: ACCOUNT.controller, component: "controller", values: values.controller }];
  const controllers = (account: string) => controllersOf(account, flavour, needs);
  return [
    { account: ACCOUNT.controller, component: "controller", controllers: controllers(ACCOUNT.controller), values: values.controller },
    { account: ACCOUNT.sync, component: "sync", controllers: controllers(ACCOUNT.sync), values: values.sync },
  ];
}

const asObjects = (chart: Chart, manifests: readonly Manifest[]): ApiObject[] =>
  manifests.map((manifest) => new ApiObject(chart, `${manifest.kind}-${manifest.metadata.namespace ?? ""}-${manifest.metadata.name}`.toLowerCase(), manifest));

/**
 * Everything of an installation in the order in which it is applied: namespace, kinds, accounts and their rights, policies of the cluster,
 * configuration, programs, monitoring. Same input, same bytes.
 */
export function installation(input: InstallationInput): Manifest[] {
  const { flavour, values, version, needs } = input;
  const programs = programsOf(input);
  const first = render((chart) => void namespace(chart, version));
  const rest = render((chart) => {
    const reach = programs.map(({ account, component }) => ({ account, component, git: component === "sync" || flavour === "single" }));
    inOrder([
      ...accounts(chart, input),
      ...asObjects(chart, roleManifests(flavour, needs, values.access.namespaces, version)),
      ...asObjects(chart, values.flowSchema.enabled ? flowControl(accountsOf(flavour), version) : []),
      ...asObjects(chart, values.signalPolicy.enabled ? signalPolicy(version) : []),
      ...networkPolicies(chart, input, reach),
      ...configuration(chart, input),
      ...volume(chart, input),
      ...programs.flatMap((program) => programObjects(chart, input, program)),
      ...asObjects(chart, monitoring(input, programs)),
    ]);
  });
  return [...first, ...(values.crds.install ? kindManifests(version) : []), ...rest];
}
