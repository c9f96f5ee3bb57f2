import { rfc3339 } from "../../base/index.ts";
import type { Core } from "./core.ts";
import { objectKey } from "./storage/entry.ts";
import { SYSTEM_NAMESPACES } from "./verbs/admit.ts";
import { uuid } from "./verbs/identity.ts";

async function makeNamespace(core: Core, name: string): Promise<void> {
  const key = objectKey("/namespaces", "", name);
  if (core.store.head(key)) return;
  const metadata = { name, uid: uuid(core.random), creationTimestamp: rfc3339(core.clock.now()), labels: { "kubernetes.io/metadata.name": name } };
  const object = { apiVersion: "v1", kind: "Namespace", metadata, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } };
  await core.store.put(undefined, { key, collection: "/namespaces", namespace: "", name, object });
}

/** Makes the namespaces that every cluster has, where they are missing. */
export async function makeSystemNamespaces(core: Core): Promise<void> {
  await Promise.all(SYSTEM_NAMESPACES.map((name) => makeNamespace(core, name)));
}
