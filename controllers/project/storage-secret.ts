import { ANNOTATION, type Outcome, waiting } from "../../base/index.ts";
import { ApiError, ignoreNotFound, Kinds, type KubeObject, type ObjectClient, type Stored } from "../../kube/index.ts";
import { ACCOUNT, STORAGE_SECRET_ROLE, SYSTEM_NAMESPACE } from "../../synth/index.ts";

/** The Secret whose keys copilots read the object store with, and where the original of it is. */
export interface StorageSecret {
  readonly name: string;
  readonly namespace: string;
}

type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/** Owner of every field that a Project implies. */
export const FIELD_MANAGER = "flyteops-project";
/** A right that was given a moment ago may not be known everywhere yet. */
const RIGHTS_RECHECK_MS = 1_000;

const sourceOf = ({ namespace, name }: StorageSecret): string => `${namespace}/${name}`;

/** The binding that lets the controller write the copy, and owns it: with the binding goes the copy, though nobody here may delete Secrets. */
function bindingOf(namespace: string, secret: StorageSecret): KubeObject {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: STORAGE_SECRET_ROLE, namespace, annotations: { [ANNOTATION.copiedFrom]: sourceOf(secret) } },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: STORAGE_SECRET_ROLE },
    subjects: [{ kind: "ServiceAccount", name: ACCOUNT.controller, namespace: SYSTEM_NAMESPACE }],
  };
}

/** Takes the copy out of a namespace, if one was ever made there. */
export async function removeStorageSecret(client: ObjectClient, namespace: string): Promise<void> {
  const ref = { namespace, name: STORAGE_SECRET_ROLE };
  const binding = await client.get(Kinds.RoleBinding, ref).catch(ignoreNotFound);
  if (binding && binding.metadata.deletionTimestamp === undefined)
    await client.delete(Kinds.RoleBinding, ref, { uid: binding.metadata.uid, propagation: "Background" });
}

async function settledBinding(client: ObjectClient, namespace: string, secret: StorageSecret): Promise<Stored<KubeObject>> {
  const ref = { namespace, name: STORAGE_SECRET_ROLE };
  const before = await client.get(Kinds.RoleBinding, ref).catch(ignoreNotFound);
  // Of another Secret than now: its copy goes with it.
  if (before && before.metadata.annotations?.[ANNOTATION.copiedFrom] !== sourceOf(secret)) await removeStorageSecret(client, namespace);
  return client.patch(Kinds.RoleBinding, ref, { type: "apply", body: bindingOf(namespace, secret), force: true }, { fieldManager: FIELD_MANAGER });
}

const sameData = (a: Secret["data"] = {}, b: Secret["data"] = {}): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);

async function copyInto(client: ObjectClient, namespace: string, secret: StorageSecret, original: Stored<Secret>): Promise<void> {
  const binding = await settledBinding(client, namespace, secret);
  const ref = { namespace, name: secret.name };
  const there = await client.get<Secret>(Kinds.Secret, ref).catch(ignoreNotFound);
  // A Secret that somebody else put there is theirs, and wins.
  if (there && there.metadata.annotations?.[ANNOTATION.copiedFrom] === undefined) return;
  const { uid } = binding.metadata;
  if (there?.metadata.ownerReferences?.some((owner) => owner.uid === uid) && sameData(there.data, original.data)) return;
  const body = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      ...ref,
      annotations: { [ANNOTATION.copiedFrom]: sourceOf(secret) },
      ownerReferences: [{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", name: STORAGE_SECRET_ROLE, uid }],
    },
    type: "Opaque",
    data: original.data ?? {},
  };
  await client.patch(Kinds.Secret, ref, { type: "apply", body, force: true }, { fieldManager: FIELD_MANAGER });
}

/**
 * Keeps a copy of the Secret in each of these namespaces, as it is now. Resolves with what it waits for: the Secret itself, or the right to
 * write it where that was given only now. A Secret of the name that the namespace has of its own is left alone.
 */
export async function copyStorageSecret(client: ObjectClient, namespaces: readonly string[], secret: StorageSecret): Promise<Outcome | undefined> {
  const original = await client.get<Secret>(Kinds.Secret, secret).catch(ignoreNotFound);
  if (!original) {
    const message = `Secret ${sourceOf(secret)}, which storage.copySecret copies: kubectl create secret generic ${secret.name} -n ${secret.namespace} --from-literal=…`;
    return namespaces.length === 0 ? undefined : waiting("StorageSecretMissing", message);
  }
  for (const namespace of namespaces) {
    try {
      await copyInto(client, namespace, secret, original);
    } catch (thrown) {
      if (!(thrown instanceof ApiError) || thrown.code !== 403) throw thrown;
      return waiting("StorageSecretForbidden", `the right to copy Secret ${secret.name} into ${namespace}: ${thrown.message}`, RIGHTS_RECHECK_MS);
    }
  }
  return undefined;
}
