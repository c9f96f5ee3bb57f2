import { parse } from "yaml";
import { inParallel, messageOf, type PolicyRule } from "../base/index.ts";
import { type Config, parseConfig } from "../config/index.ts";
import { ApiError, isNotFound, Kinds, type KindRef, type KubeObject, type ObjectClient, type Stored } from "../kube/index.ts";
import { ACCOUNT, controllersOf, type Flavour, NAME, type Needs, PORT, SYSTEM_NAMESPACE } from "../synth/index.ts";
import { archiveFinding } from "./archive/archive-finding.ts";
import type { CliDeps, Connection } from "./context.ts";
import type { Finding } from "./finding.ts";
import { InstallationKinds } from "./installation-kinds.ts";
import { INSTALL } from "./kind-finding.ts";
import { objectsOf, PROGRAMS } from "./uninstall-plan.ts";

const CONFIG = { namespace: SYSTEM_NAMESPACE, name: "flyteops-config" } as const;
const PARALLEL = 8;
/** Three times what a Lease lasts by default. */
const STALE_MS = 45_000;

/** What a read came to: the object, nothing, or that it may not be looked at. */
async function read<T extends KubeObject>(
  client: ObjectClient,
  kind: KindRef,
  ref: { namespace?: string; name: string },
): Promise<Stored<T> | "absent" | "forbidden"> {
  return client.get<T>(kind, ref).catch((thrown: unknown) => {
    if (isNotFound(thrown)) return "absent" as const;
    if (thrown instanceof ApiError && thrown.code === 403) return "forbidden" as const;
    throw thrown;
  });
}

type Deployment = KubeObject & {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly spec?: { readonly containers?: readonly { readonly name?: string; readonly image?: string }[] } };
  };
  readonly status?: { readonly availableReplicas?: number };
};

function programFinding(name: string, deployment: Stored<Deployment> | undefined, version: string): Finding {
  const subject = `program ${name}`;
  if (!deployment) return { subject, level: "problem", message: "its Deployment is not there", hint: INSTALL };
  const wanted = deployment.spec?.replicas ?? 1;
  const available = deployment.status?.availableReplicas ?? 0;
  const installed = deployment.metadata.labels?.["app.kubernetes.io/version"] ?? "unknown";
  const message = `${available} of ${wanted} replicas available, version ${installed}`;
  const look = `kubectl describe deployment ${name} -n ${SYSTEM_NAMESPACE}; kubectl logs deployment/${name} -n ${SYSTEM_NAMESPACE}`;
  if (wanted === 0 || available === 0)
    return { subject, level: "problem", message, hint: wanted === 0 ? `kubectl scale deployment ${name} -n ${SYSTEM_NAMESPACE} --replicas=1` : look };
  if (available < wanted) return { subject, level: "warning", message, hint: look };
  if (installed !== version) return { subject, level: "warning", message: `${message}; this program is ${version}`, hint: INSTALL };
  return { subject, level: "ok", message };
}

interface WrittenConfig {
  readonly findings: readonly Finding[];
  readonly config: Config | undefined;
}

/** The configuration as the programs read it. Undefined config: it cannot be used. */
function configFinding(text: string): WrittenConfig {
  const subject = "configuration";
  let written: unknown;
  try {
    written = parse(text);
  } catch (thrown) {
    return { config: undefined, findings: [{ subject, level: "problem", message: `${CONFIG.name} is not YAML: ${messageOf(thrown)}` }] };
  }
  const { config, problems } = parseConfig(written);
  if (problems.length === 0) return { config, findings: [{ subject, level: "ok", message: "valid" }] };
  const wrong = problems.map(({ path, message }): Finding => ({ subject, level: "problem", message: `${path}: ${message}`, hint: INSTALL }));
  return { config: undefined, findings: wrong };
}

/** Files of Secrets that the configuration names, as the installation mounts them: Secret, key and what it is for. */
function wantedSecrets(config: Config): { readonly secret: string; readonly key: string; readonly purpose: string }[] {
  const { database, storage } = config;
  const paths: (readonly [string | undefined, string])[] = [
    ...(database.embedded ? [] : [[database.postgres.passwordPath, "the password of PostgreSQL"] as const]),
    ...(storage.type === "s3" && storage.connection["auth-type"] === "accesskey"
      ? [[storage.connection.accessKeyPath, "the key of the object store"] as const, [storage.connection.secretKeyPath, "the key of the object store"] as const]
      : []),
    ...(storage.type === "google" ? [[storage.google.jsonPath, "the key of the object store"] as const] : []),
    ...(storage.type === "azure" ? [[storage.azure.keyPath, "the key of the object store"] as const] : []),
  ];
  return paths.flatMap(([path, purpose]) => {
    const [, place, key] = /^\/etc\/flyteops\/secrets\/(database|storage)\/([^/]+)$/.exec(path ?? "") ?? [];
    return place && key ? [{ secret: place, key, purpose }] : [];
  });
}

/** Which Secrets a program mounts, by the last word of their place. */
function mountedSecrets(deployments: readonly Stored<Deployment>[]): Map<string, string> {
  const mounted = new Map<string, string>();
  for (const deployment of deployments) {
    const volumes = (deployment.spec?.template?.spec as { volumes?: { name: string; secret?: { secretName: string } }[] } | undefined)?.volumes ?? [];
    for (const { name, secret } of volumes) if (secret) mounted.set(name.replace(/-secret$/, ""), secret.secretName);
  }
  return mounted;
}

async function secretFindings(client: ObjectClient, config: Config, deployments: readonly Stored<Deployment>[]): Promise<Finding[]> {
  const mounted = mountedSecrets(deployments);
  return Promise.all(
    wantedSecrets(config).map(async ({ secret: place, key, purpose }): Promise<Finding> => {
      const name = mounted.get(place);
      const subject = `secret ${name ?? place}`;
      if (name === undefined)
        return {
          subject,
          level: "problem",
          message: `the configuration reads ${purpose} from it, and no program mounts it: name it in the value secrets.${place}`,
        };
      const found = await read<KubeObject & { data?: Record<string, string> }>(client, Kinds.Secret, { namespace: SYSTEM_NAMESPACE, name });
      const hint = `kubectl create secret generic ${name} -n ${SYSTEM_NAMESPACE} --from-literal=${key}=…`;
      if (found === "forbidden") return { subject, level: "warning", message: `you may not look whether it holds ${purpose} (key ${key})` };
      if (found === "absent") return { subject, level: "problem", message: `it is not there; ${purpose} is read from it`, hint };
      if (found.data?.[key] === undefined) return { subject, level: "problem", message: `it has no key ${key}: ${purpose} is read from that`, hint };
      return { subject, level: "ok", message: `has ${key}` };
    }),
  );
}

/** The embedded database is reached from its own pod alone; without its volume that does not start. */
async function volumeFinding(client: ObjectClient): Promise<Finding> {
  const subject = "archive";
  const ref = { namespace: SYSTEM_NAMESPACE, name: NAME.volume };
  const claim = await read<KubeObject & { status?: { phase?: string } }>(client, InstallationKinds.PersistentVolumeClaim, ref);
  const where = `in the pod of ${ACCOUNT.controller}, on the volume ${ref.name}`;
  if (claim === "forbidden") return { subject, level: "warning", message: `${where}, which you may not look at` };
  if (claim === "absent") return { subject, level: "problem", message: `${where}, which is not there`, hint: INSTALL };
  const phase = claim.status?.phase ?? "Pending";
  if (phase === "Bound") return { subject, level: "ok", message: where };
  return {
    subject,
    level: "problem",
    message: `${where}, which is ${phase}`,
    hint: `kubectl describe pvc ${ref.name} -n ${ref.namespace}   (a storage class: volume.storageClassName)`,
  };
}

/** The Secret that Projects get a copy of, where they do. */
async function copiedFindings(client: ObjectClient, { storage: { copySecret, secretName: name } }: Config): Promise<Finding[]> {
  if (copySecret === "never" || name === undefined) return [];
  const subject = `secret ${name}`;
  const found = await read(client, Kinds.Secret, { namespace: SYSTEM_NAMESPACE, name });
  if (found === "forbidden")
    return [{ subject, level: "warning", message: "you may not look whether it is there, to be copied into the namespaces of Projects" }];
  if (found !== "absent") return [{ subject, level: "ok", message: "is there, to be copied into the namespaces of Projects" }];
  const hint = `kubectl create secret generic ${name} -n ${SYSTEM_NAMESPACE} --from-literal=AWS_ACCESS_KEY_ID=… --from-literal=AWS_SECRET_ACCESS_KEY=…`;
  return [{ subject, level: "problem", message: "it is not there; Projects get a copy of it (storage.copySecret)", hint }];
}

/**
 * The read-only API: a Deployment of its own, or a container beside the controllers, whose state is told with theirs. Its Service says that it is
 * wanted.
 */
async function apiFindings(
  { client }: Connection,
  deps: CliDeps,
  own: Stored<Deployment> | undefined,
  controllers: Stored<Deployment> | undefined,
): Promise<Finding[]> {
  const subject = "read-only API";
  const service = await read(client, InstallationKinds.Service, { namespace: SYSTEM_NAMESPACE, name: ACCOUNT.api });
  if (service === "forbidden") return [{ subject, level: "warning", message: `you may not look at Services of ${SYSTEM_NAMESPACE}` }];
  if (service === "absent") return [{ subject, level: "ok", message: "left out (api.enabled: false)" }];
  const inside = controllers?.spec?.template?.spec?.containers?.some(({ name }) => name === "api") === true;
  const rules = (await deps.installationNeeds?.())?.["api"] ?? [];
  const rights = await rightsFinding(client, ACCOUNT.api, rules);
  if (!inside) return [programFinding(ACCOUNT.api, own, deps.version), rights];
  return [{ subject, level: "ok", message: `in the pod of ${ACCOUNT.controller}, at ${ACCOUNT.api}.${SYSTEM_NAMESPACE}:${PORT.api}` }, rights];
}

type Lease = KubeObject & { readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string } };

function leaseFinding(program: string, leases: readonly Stored<Lease>[], now: number): Finding {
  const subject = `lease ${program}`;
  const own = leases.filter(({ metadata }) => metadata.name === program || metadata.name.startsWith(`${program}-`));
  const held = own.filter(({ spec }) => spec?.holderIdentity && now - Date.parse(spec.renewTime ?? "") < STALE_MS);
  if (held.length > 0) {
    const holders = [...new Set(held.map(({ spec }) => spec?.holderIdentity ?? ""))];
    return { subject, level: "ok", message: `held by ${holders.join(", ")}` };
  }
  if (own.length === 0)
    return {
      subject,
      level: "problem",
      message: "nobody has ever held one: no controller works",
      hint: `kubectl logs deployment/${program} -n ${SYSTEM_NAMESPACE}`,
    };
  return {
    subject,
    level: "problem",
    message: "nobody has renewed one lately: no controller works",
    hint: `kubectl logs deployment/${program} -n ${SYSTEM_NAMESPACE}`,
  };
}

interface Question {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  readonly namespace?: string;
}

/** Every single right of a list of rules that holds in the cluster or in the namespace of the installation. */
function questionsOf(rules: readonly PolicyRule[]): Question[] {
  const questions = rules
    .filter((rule) => rule.in !== "projects" && rule.resourceNames === undefined)
    .flatMap(({ apiGroups, resources, verbs, in: place }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((name) =>
          verbs.map((verb): Question => {
            const [resource = "", subresource] = name.split("/");
            const where = place === "system" || place === "gitsyncs" ? { namespace: SYSTEM_NAMESPACE } : {};
            return { group, resource, verb, ...(subresource === undefined ? {} : { subresource }), ...where };
          }),
        ),
      ),
    );
  return [...new Map(questions.map((question) => [JSON.stringify(question), question])).values()];
}

const wordsOf = ({ group, resource, subresource, verb }: Question): string =>
  `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}${group === "" ? "" : `.${group}`}`;

/** Asks the API server what an account may do. */
async function rightsFinding(client: ObjectClient, account: string, rules: readonly PolicyRule[]): Promise<Finding> {
  const subject = `rights of ${account}`;
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${SYSTEM_NAMESPACE}`, "system:authenticated"];
  const user = `system:serviceaccount:${SYSTEM_NAMESPACE}:${account}`;
  const missing: string[] = [];
  const questions = questionsOf(rules);
  try {
    await inParallel(questions, PARALLEL, async (question) => {
      const review = {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        metadata: {},
        spec: { user, groups, resourceAttributes: question },
      };
      const answer = await client.create<KubeObject & { status?: { allowed?: boolean } }>(InstallationKinds.SubjectAccessReview, review);
      if (!answer.status?.allowed) missing.push(wordsOf(question));
    });
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.code === 403) return { subject, level: "warning", message: "you may not ask about them" };
    throw thrown;
  }
  if (missing.length === 0) return { subject, level: "ok", message: `has all ${questions.length}` };
  const shown = missing.sort().slice(0, 5).join(", ");
  return { subject, level: "problem", message: `lacks ${shown}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}`, hint: INSTALL };
}

/** Whether whoever asks may run something here. */
async function ownFinding({ client, namespace }: Connection): Promise<Finding> {
  const resourceAttributes = { group: "flyte.org", resource: "runs", verb: "create", namespace };
  const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", metadata: {}, spec: { resourceAttributes } };
  const { status } = await client.create<KubeObject & { status?: { allowed?: boolean } }>(InstallationKinds.SelfSubjectAccessReview, review);
  const subject = "your rights";
  if (status?.allowed) return { subject, level: "ok", message: `you may create Runs in ${namespace}` };
  return {
    subject,
    level: "warning",
    message: `you may not create Runs in ${namespace}`,
    hint: "be among the editors of its Project, or name another namespace: -n <project>-<domain>",
  };
}

/**
 * What of an installation in a cluster is there and works. Nothing where there is none: `flyteops up` runs its controllers in its own
 * process, and has no Deployment to look at.
 */
export async function checkPrograms(deps: CliDeps, connection: Connection): Promise<Finding[]> {
  const { client } = connection;
  const configMap = await read<KubeObject & { data?: Record<string, string> }>(client, Kinds.ConfigMap, CONFIG);
  if (configMap === "absent" || configMap === "forbidden") return [];
  const deployments = await objectsOf<Deployment>(client, InstallationKinds.Deployment, PROGRAMS);
  const named = (name: string) => deployments.find(({ metadata }) => metadata.name === name);
  const flavour: Flavour = named(ACCOUNT.sync) ? "core" : "single";
  const accounts = flavour === "core" ? [ACCOUNT.controller, ACCOUNT.sync] : [ACCOUNT.controller];
  const programs = accounts.map((name) => programFinding(name, named(name), deps.version));
  const api = await apiFindings(connection, deps, named(ACCOUNT.api), named(ACCOUNT.controller));
  const { findings, config } = configFinding(configMap.data?.["config.yaml"] ?? "");
  const secrets = config ? [...(await secretFindings(client, config, deployments)), ...(await copiedFindings(client, config))] : [];
  const leases = await objectsOf<Lease>(client, Kinds.Lease, { namespace: SYSTEM_NAMESPACE });
  const held = config?.controller.leaderElection.enabled === false ? [] : accounts.map((name) => leaseFinding(name, leases, deps.clock.now()));
  const needs: Needs = deps.installationNeeds ? await deps.installationNeeds() : {};
  const rules = (account: string): PolicyRule[] => [
    ...(needs["program"] ?? []),
    ...controllersOf(account, flavour, needs).flatMap((name) => needs[name] ?? []),
  ];
  const rights = await Promise.all(accounts.map((account) => rightsFinding(client, account, rules(account))));
  const archive = config ? [await (config.database.embedded ? volumeFinding(client) : archiveFinding(deps, connection))] : [];
  return [...findings, ...secrets, ...archive, ...programs, ...held, ...rights, ...api, await ownFinding(connection)];
}
