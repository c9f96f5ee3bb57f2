import type { Clock, Logger, Random } from "../../base/index.ts";
import { eventRecorder, type InformerSet, type Transport } from "../../kube/index.ts";
import { deploymentController } from "./deployments.ts";
import { endpointController } from "./endpoints.ts";
import { eventExpiry } from "./event-expiry.ts";
import { garbageCollector } from "./garbage-collector.ts";
import { namespaceController } from "./namespaces.ts";
import { ownerGraph } from "./owner-graph.ts";
import { podCleanup } from "./pod-cleanup.ts";
import { replicaSetController } from "./replica-sets.ts";
import { rootCertificates } from "./root-certificates.ts";
import { scheduler } from "./scheduler.ts";
import { servedKinds } from "./served-kinds.ts";
import { defaultServiceAccounts } from "./service-accounts.ts";
import { serviceProxy } from "./service-proxy.ts";

export interface BuiltinDeps {
  /** Runs elsewhere. */
  readonly informers: InformerSet;
  /** For discovery. */
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether Services are made reachable on this machine. Default: yes. */
  readonly reachServices?: boolean;
  /** What pods trust the API by, PEM: published in every namespace. Absent: nothing is. */
  readonly rootCertificate?: string;
}

/**
 * The controllers a cluster has without asking and a laptop needs too: garbage collection by owner references, namespace
 * deletion, default service accounts, root certificates, pod cleanup, expiry of Events, Deployments, ReplicaSets, the endpoints of Services
 * and the way to them, and a scheduler for nodes of this size.
 */
export function builtinControllers(deps: BuiltinDeps): { run(signal: AbortSignal): Promise<void> } {
  const { informers, clock, random } = deps;
  const logger = deps.logger.with({ room: "builtin" });
  const { client } = informers;
  const events = (component: string) => eventRecorder({ client, clock, logger, component });
  const kinds = servedKinds({ ...deps, logger });
  const parts = [
    kinds,
    garbageCollector({ client, graph: ownerGraph(informers), kinds, clock, random, logger }),
    namespaceController({ informers, kinds, clock, random, logger }),
    defaultServiceAccounts({ informers, clock, random, logger }),
    ...(deps.rootCertificate === undefined ? [] : [rootCertificates({ informers, certificate: deps.rootCertificate, clock, random, logger })]),
    podCleanup({ informers, clock, logger }),
    eventExpiry({ client, clock, logger }),
    deploymentController({ informers, events: events("deployment-controller"), clock, random, logger }),
    replicaSetController({ informers, events: events("replicaset-controller"), clock, random, logger }),
    endpointController({ informers, clock, random, logger }),
    ...(deps.reachServices === false ? [] : [serviceProxy({ informers, events: events("service-proxy"), random, logger })]),
    scheduler({ informers, events: events("default-scheduler"), clock, logger }),
  ];
  return {
    async run(signal) {
      await Promise.all(parts.map((part) => part.run(signal)));
    },
  };
}
