import { openBlobStore, type BlobStore } from "../blobs/index.ts";
import { isNotFound, Kinds, type KubeObject } from "../kube/index.ts";
import { type Connection, UserError } from "./context.ts";

/** Where an installation says which object store it uses. */
export const INSTALLATION = { namespace: "flyteops-system", name: "flyteops" } as const;

/** The object store of the installation that the connection leads to. UserError when the installation does not say, or it cannot be reached from here. */
export async function storageOf(connection: Connection): Promise<BlobStore> {
  const config = await connection.client.get<KubeObject & { data?: Record<string, string> }>(Kinds.ConfigMap, INSTALLATION).catch((thrown: unknown) => {
    if (isNotFound(thrown))
      throw new UserError(`this cluster has no ConfigMap ${INSTALLATION.namespace}/${INSTALLATION.name}: flyteops is not installed here`, {
        hint: "flyteops check",
      });
    throw thrown;
  });
  const root = config.data?.["storage"];
  if (!root) throw new UserError(`ConfigMap ${INSTALLATION.namespace}/${INSTALLATION.name} has no key storage`, { hint: "flyteops check" });
  return openBlobStore(root);
}
