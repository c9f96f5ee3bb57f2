import { type Clock, type Logger, messageOf, type Random } from "../../base/index.ts";
import { type InformerSet, isAlreadyExists, isNotFound, keyedQueue, Kinds } from "../../kube/index.ts";

export interface ServiceAccountDeps {
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Keeps a ServiceAccount `default` in every namespace that is not being deleted. */
export function defaultServiceAccounts(deps: ServiceAccountDeps): { run(signal: AbortSignal): Promise<void> } {
  const { informers, logger } = deps;
  const namespaces = informers.of({ kind: Kinds.Namespace });
  const accounts = informers.of({ kind: Kinds.ServiceAccount });
  const queue = keyedQueue(deps, { concurrency: 4 });

  async function work(namespace: string): Promise<void> {
    const found = namespaces.get(namespace);
    if (!found || found.metadata.deletionTimestamp !== undefined || accounts.get(`${namespace}/default`)) return queue.forget(namespace);
    try {
      await informers.client.create(Kinds.ServiceAccount, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } });
      queue.forget(namespace);
    } catch (thrown) {
      if (isAlreadyExists(thrown) || isNotFound(thrown)) return queue.forget(namespace);
      logger.debug("default service account not made yet", { namespace, error: messageOf(thrown) });
      queue.retry(namespace);
    }
  }

  return {
    async run(signal) {
      await accounts.whenSynced(signal);
      namespaces.onChange(({ type, object }) => void (type === "deleted" || queue.add(object.metadata.name)));
      accounts.onChange(({ type, object }) => void (type !== "deleted" || queue.add(object.metadata.namespace ?? "")));
      for (const { metadata } of namespaces.list()) queue.add(metadata.name);
      await queue.run(signal, work);
    },
  };
}
