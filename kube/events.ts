import { type Clock, type Logger, messageOf, rfc3339, shortHash } from "../base/index.ts";
import { isAlreadyExists, type ObjectClient } from "./client.ts";
import { Kinds } from "./kinds.ts";
import type { KubeObject } from "./object.ts";

export interface EventNote {
  readonly type: "Normal" | "Warning";
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
}

export interface EventRecorder {
  /**
   * Records a core/v1 Event about an object. The same type, reason and message about the same object becomes one Event
   * with a count. Never rejects: an Event that cannot be written is worth one debug line. Nothing is recorded about
   * an object in deletion, because its namespace may be going too.
   */
  record(object: KubeObject, note: EventNote): Promise<void>;
}

export interface EventRecorderDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What reports, e.g. "flyteops". */
  readonly component: string;
}

const MESSAGE_MAX = 1_024;

function eventObject(object: KubeObject, note: EventNote, name: string, namespace: string, component: string, now: number) {
  const { name: about = "", uid = "", resourceVersion = "", namespace: where } = object.metadata;
  const time = rfc3339(now);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, name: about, uid, resourceVersion, ...(where ? { namespace: where } : {}) },
    type: note.type,
    reason: note.reason,
    message: note.message.slice(0, MESSAGE_MAX),
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    source: { component },
    reportingComponent: component,
    reportingInstance: component,
  };
}

export function eventRecorder({ client, clock, logger, component }: EventRecorderDeps): EventRecorder {
  async function repeat(name: string, namespace: string): Promise<void> {
    const held = await client.get<KubeObject & { count?: number }>(Kinds.Event, { namespace, name });
    await client.patch(Kinds.Event, { namespace, name }, { type: "merge", body: { count: (held.count ?? 1) + 1, lastTimestamp: rfc3339(clock.now()) } });
  }

  return {
    async record(object, note) {
      if (object.metadata.deletionTimestamp !== undefined) return;
      const namespace = object.metadata.namespace ?? "default";
      const identity = `${object.metadata.uid ?? ""}/${note.type}/${note.reason}/${note.message}`;
      const name = `${object.metadata.name ?? ""}.${shortHash(identity, 16)}`;
      try {
        await client.create(Kinds.Event, eventObject(object, note, name, namespace, component, clock.now())).catch((thrown: unknown) => {
          if (isAlreadyExists(thrown)) return repeat(name, namespace);
          throw thrown;
        });
      } catch (thrown) {
        logger.debug("event not recorded", { reason: note.reason, object: object.metadata.name, error: messageOf(thrown) });
      }
    },
  };
}
