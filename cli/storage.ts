import { openBlobStore, type BlobStore } from "../blobs/index.ts";
import { isNotFound, Kinds, type KubeObject } from "../kube/index.ts";
import { type CliDeps, type Connection, UserError } from "./context.ts";

/** Where an installation says which object store it uses. */
export const INSTALLATION = { namespace: "flyteops-system", name: "flyteops" } as const;

type Facts = Readonly<Record<string, string | undefined>>;

/** The user's own credentials and addresses; where they name none, what the installation says of its endpoint and region. */
function environmentOf(env: CliDeps["env"], facts: Facts): CliDeps["env"] {
  return {
    ...(env["AWS_ENDPOINT_URL_S3"] || !facts["storageEndpoint"] ? {} : { AWS_ENDPOINT_URL: facts["storageEndpoint"] }),
    ...(env["AWS_DEFAULT_REGION"] || env["AWS_PROFILE"] || !facts["storageRegion"] ? {} : { AWS_REGION: facts["storageRegion"] }),
    ...env,
  };
}

/**
 * The object store of the installation that the connection leads to, reached with the credentials of the user's own environment.
 * UserError when the installation does not say where it is.
 */
export async function storageOf(connection: Connection, { clock, random, env }: Pick<CliDeps, "clock" | "random" | "env">): Promise<BlobStore> {
  const config = await connection.client.get<KubeObject & { data?: Facts }>(Kinds.ConfigMap, INSTALLATION).catch((thrown: unknown) => {
    if (isNotFound(thrown))
      throw new UserError(`this cluster has no ConfigMap ${INSTALLATION.namespace}/${INSTALLATION.name}: flyteops is not installed here`, {
        hint: "flyteops check",
      });
    throw thrown;
  });
  const facts = config.data ?? {};
  const root = facts["storage"];
  if (!root) throw new UserError(`ConfigMap ${INSTALLATION.namespace}/${INSTALLATION.name} has no key storage`, { hint: "flyteops check" });
  return openBlobStore(root, { clock, random, environment: environmentOf(env, facts) });
}
