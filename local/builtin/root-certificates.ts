import { type Clock, type Logger, messageOf, type Random } from "../../base/index.ts";
import { type InformerSet, isNotFound, keyedQueue, Kinds, type KubeObject } from "../../kube/index.ts";

export interface RootCertificateDeps {
  readonly informers: InformerSet;
  /** PEM of the authority that signed the certificate of the API. */
  readonly certificate: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

const NAME = "kube-root-ca.crt";
const ABOUT =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/** Keeps a ConfigMap `kube-root-ca.crt` in every namespace that is not being deleted: what its pods trust the API by. */
export function rootCertificates(deps: RootCertificateDeps): { run(signal: AbortSignal): Promise<void> } {
  const { informers, certificate, logger } = deps;
  const { client } = informers;
  const namespaces = informers.of({ kind: Kinds.Namespace });
  const maps = informers.of<ConfigMap>({ kind: Kinds.ConfigMap });
  const queue = keyedQueue(deps, { concurrency: 4 });
  const data = { "ca.crt": certificate };

  async function publish(namespace: string): Promise<void> {
    const metadata = { name: NAME, namespace, annotations: { "kubernetes.io/description": ABOUT } };
    const body: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
    await client.patch(Kinds.ConfigMap, { namespace, name: NAME }, { type: "apply", body, force: true }, { fieldManager: "root-ca-cert-publisher" });
  }

  async function work(namespace: string): Promise<void> {
    const found = namespaces.get(namespace);
    const known = maps.get(`${namespace}/${NAME}`)?.data?.["ca.crt"];
    if (!found || found.metadata.deletionTimestamp !== undefined || known === certificate) return queue.forget(namespace);
    try {
      await publish(namespace);
      queue.forget(namespace);
    } catch (thrown) {
      if (isNotFound(thrown)) return queue.forget(namespace);
      logger.debug("root certificate not published yet", { namespace, error: messageOf(thrown) });
      queue.retry(namespace);
    }
  }

  return {
    async run(signal) {
      await maps.whenSynced(signal);
      namespaces.onChange(({ type, object }) => void (type === "deleted" || queue.add(object.metadata.name)));
      maps.onChange(({ object }) => void (object.metadata.name !== NAME || queue.add(object.metadata.namespace ?? "")));
      for (const { metadata } of namespaces.list()) queue.add(metadata.name);
      await queue.run(signal, work);
    },
  };
}
