import { ApiObject, type Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { allKinds } from "../../crds/index.ts";
import { inOrder, type Manifest, render } from "../render.ts";
import { ACCOUNT, SYSTEM_NAMESPACE } from "../tenancy.ts";
import { flowControl, signalPolicy } from "./cluster-policies.ts";
import { configuration, volume } from "./configuration.ts";
import type { ContainerOf } from "./container.ts";
import { type Context } from "./context.ts";
import { metadata } from "./metadata.ts";
import { NAME } from "./names.ts";
import { monitoring } from "./monitoring.ts";
import { networkPolicies } from "./network.ts";
import { type Program, programObjects } from "./program.ts";
import { accountsOf, apiRoleManifests, controllersOf, type Needs, roleManifests, storageSecretRoleManifests } from "./roles.ts";

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

/** Accounts of programs: those of the controllers, and that of the API. */
const programAccounts = ({ flavour, values }: Context): readonly string[] => [...accountsOf(flavour), ...(values.api.enabled ? [ACCOUNT.api] : [])];

/** In a pod of the controllers the API would speak as they do. Its own token comes from a Secret that the cluster fills. */
function apiToken(chart: Chart, { flavour, values, version }: Context): ApiObject[] {
  if (flavour !== "single" || !values.api.enabled) return [];
  const annotations = { "kubernetes.io/service-account.name": ACCOUNT.api };
  const facts = { version, component: "access", namespace: SYSTEM_NAMESPACE, annotations };
  return [new k8s.KubeSecret(chart, "api-token", { metadata: metadata(NAME.apiToken, facts), type: "kubernetes.io/service-account-token" })];
}

function accounts(chart: Chart, context: Context): ApiObject[] {
  const { values, version } = context;
  const { annotations } = values.serviceAccount;
  const facts = { version, component: "access", namespace: SYSTEM_NAMESPACE };
  return [
    ...programAccounts(context).map((name) => new k8s.KubeServiceAccount(chart, `account-${name}`, { metadata: metadata(name, { ...facts, annotations }) })),
    ...apiToken(chart, context),
    // Nobody runs as this one: the sync acts as it for GitSyncs of the platform level.
    new k8s.KubeServiceAccount(chart, "account-platform", { metadata: metadata(ACCOUNT.platform, facts), automountServiceAccountToken: false }),
  ];
}

/** The Deployments of a flavour. */
export function programsOf({ flavour, values, needs }: InstallationInput): readonly Program[] {
  const account = ACCOUNT.controller;
  if (flavour === "single" || values.sync === undefined) {
    const guest: readonly ContainerOf[] = values.api.enabled ? [{ runs: "api", guest: true, values: values.api }] : [];
    return [
      { account, component: "controller", values: values.controller, containers: [{ runs: "controllers", account, values: values.controller }, ...guest] },
    ];
  }
  const { controller, sync, api } = values;
  const program = (account: string, component: string, of: typeof controller): Program => {
    return { account, component, values: of, containers: [{ runs: "controllers", controllers: controllersOf(account, flavour, needs), account, values: of }] };
  };
  const reader: Program = { account: ACCOUNT.api, component: "api", values: api, containers: [{ runs: "api", guest: false, values: api }] };
  return [program(account, "controller", controller), program(ACCOUNT.sync, "sync", sync), ...(api.enabled ? [reader] : [])];
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
  const secret = values.config.storage?.copySecret === "projects" ? values.config.storage.secretName : undefined;
  const first = render((chart) => void namespace(chart, version));
  const rest = render((chart) => {
    inOrder([
      ...accounts(chart, input),
      ...asObjects(chart, roleManifests(flavour, needs, values.access.namespaces, version)),
      ...asObjects(chart, secret === undefined ? [] : storageSecretRoleManifests(secret, needs, version)),
      ...asObjects(chart, values.api.enabled ? apiRoleManifests(needs, version) : []),
      ...asObjects(chart, values.flowSchema.enabled ? flowControl([...accountsOf(flavour), ACCOUNT.api], version) : []),
      ...asObjects(chart, values.signalPolicy.enabled ? signalPolicy(version) : []),
      ...networkPolicies(chart, input, programs),
      ...configuration(chart, input),
      ...volume(chart, input),
      ...programs.flatMap((program) => programObjects(chart, input, program)),
      ...asObjects(chart, monitoring(input, programs)),
    ]);
  });
  return [...first, ...(values.crds.install ? kindManifests(version) : []), ...rest];
}
