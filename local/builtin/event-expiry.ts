import { type Clock, type Logger, messageOf, sleep } from "../../base/index.ts";
import { Kinds, type KubeObject, type ObjectClient } from "../../kube/index.ts";

export interface EventExpiryDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Event extends KubeObject {
  lastTimestamp?: string;
  eventTime?: string;
  series?: { lastObservedTime?: string };
}

/** As kube-apiserver's --event-ttl. */
const LIFETIME_MS = 3_600_000;
const LOOK_MS = 60_000;
const PAGE = 500;

/** Milliseconds since the epoch at which the Event was last true. */
function lastSeen({ series, lastTimestamp, eventTime, metadata }: Event): number {
  return Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "");
}

/** Deletes Events an hour after they last happened. Looks once a minute. */
export function eventExpiry({ client, clock, logger }: EventExpiryDeps): { run(signal: AbortSignal): Promise<void> } {
  async function sweep(signal: AbortSignal): Promise<void> {
    for (let next: string | undefined = ""; next !== undefined && !signal.aborted;) {
      const page: { items: Event[]; continue?: string } = await client.list<Event>(Kinds.Event, { limit: PAGE, ...(next === "" ? {} : { continue: next }) });
      for (const event of page.items) {
        const { namespace, name = "", uid } = event.metadata;
        if (lastSeen(event) < clock.now() - LIFETIME_MS) await client.delete(Kinds.Event, { namespace, name }, { uid });
      }
      next = page.continue;
    }
  }
  return {
    async run(signal) {
      while (!signal.aborted) {
        await sweep(signal).catch((thrown: unknown) => logger.debug("events not swept", { error: messageOf(thrown) }));
        await sleep(clock, LOOK_MS, signal);
      }
    },
  };
}
