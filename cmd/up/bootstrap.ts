import { ANNOTATION } from "../../base/index.ts";
import { INSTALLATION } from "../../cli/index.ts";
import { allKinds, type GitSync, GitSyncKind } from "../../crds/index.ts";
import { Kinds, type KindRef, type KubeObject, type ObjectClient } from "../../kube/index.ts";
import { tenancyManifests } from "../../synth/index.ts";
import type { FollowedRepository } from "./repository.ts";

const FIELD_MANAGER = "flyteops-up";
export const SYSTEM_NAMESPACE = INSTALLATION.namespace;
/** The first GitSync: what the operator would make on a cluster. */
export const PLATFORM_SYNC = "platform";
const PLATFORM_ACCOUNT = "flyteops-platform";

/** Of what tenants and the platform account may do. */
const ROLE_KINDS: Readonly<Record<string, KindRef>> = {
  ClusterRole: Kinds.ClusterRole,
  ClusterRoleBinding: Kinds.ClusterRoleBinding,
  Role: Kinds.Role,
  RoleBinding: Kinds.RoleBinding,
};

async function apply(client: ObjectClient, kind: KindRef, object: KubeObject): Promise<void> {
  const { name = "", namespace } = object.metadata;
  await client.patch(kind, { namespace, name }, { type: "apply", body: object, force: true }, { fieldManager: FIELD_MANAGER });
}

/** Installs the nine kinds. */
export async function installKinds(client: ObjectClient): Promise<void> {
  await Promise.all(allKinds.map((kind) => apply(client, Kinds.CustomResourceDefinition, kind.crd() as KubeObject)));
}

/** The namespace, the account and the facts that clients look up. */
export async function installSystem(
  client: ObjectClient,
  facts: Readonly<Record<"storage" | "version" | "database" | "databasePassword", string>>,
): Promise<void> {
  await apply(client, Kinds.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: SYSTEM_NAMESPACE } });
  const metadata = { namespace: SYSTEM_NAMESPACE };
  await apply(client, Kinds.ServiceAccount, { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...metadata, name: PLATFORM_ACCOUNT } });
  for (const manifest of tenancyManifests(facts.version)) await apply(client, ROLE_KINDS[manifest.kind]!, manifest as KubeObject);
  await apply(client, Kinds.ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, name: INSTALLATION.name }, data: { ...facts } });
}

/**
 * Follows the repository at platform level. What a user changed of it later (suspend, interval) is theirs and stays.
 * @param asked a word that no earlier start used: the status repeats it once it speaks of what this start found
 */
export async function followRepository(client: ObjectClient, repository: FollowedRepository, asked: string): Promise<void> {
  const sync: KubeObject & Pick<GitSync, "spec"> = {
    apiVersion: "flyte.org/v1",
    kind: "GitSync",
    metadata: { name: PLATFORM_SYNC, namespace: SYSTEM_NAMESPACE, annotations: { [ANNOTATION.requestedAt]: asked } },
    spec: {
      url: repository.url,
      path: repository.path,
      ...(repository.branch === "" ? {} : { ref: { branch: repository.branch } }),
    } as GitSync["spec"],
  };
  await apply(client, GitSyncKind, sync);
}
