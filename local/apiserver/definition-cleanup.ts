import { copyJson, messageOf } from "../../base/index.ts";
import { isNotFound } from "../../kube/index.ts";
import type { Core } from "./core.ts";
import { CLEANUP_FINALIZER, type Definition, DEFINITIONS } from "./kinds/definition.ts";
import { prepareDefinition } from "./kinds/definition-status.ts";
import type { ServedKind } from "./kinds/served-kind.ts";
import { type Entry, objectKey } from "./storage/entry.ts";
import { deleteTarget } from "./verbs/delete.ts";

/** Deletes what a terminating definition still defines, then lets the definition go. */
export interface DefinitionCleanup {
  /** Resolves when no step is under way any longer. */
  stop(): Promise<void>;
}

const RETRY_MS = 1_000;
const PLAIN = { dryRun: false, gracePeriodSeconds: undefined, propagation: undefined, preconditions: {} } as const;

function kindOf(core: Core, definition: Definition): ServedKind | undefined {
  const collection = `${definition.spec.group}/${definition.spec.names.plural}`;
  return core.kinds.all().find((kind) => kind.collection === collection);
}

async function deleteInstance(core: Core, kind: ServedKind, { namespace, name }: Entry): Promise<void> {
  try {
    await deleteTarget(core, { kind, namespace, name, subresource: "" }, PLAIN);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}

/** Takes the finalizer off; the definition goes with the last one. */
async function release(core: Core, key: string): Promise<void> {
  for (;;) {
    const entry = core.store.head(key);
    const had = entry?.object.metadata.finalizers ?? [];
    if (!entry || !had.includes(CLEANUP_FINALIZER)) return;
    const finalizers = had.filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
    const object = { ...entry.object, metadata: { ...entry.object.metadata, finalizers } };
    const done = finalizers.length === 0 ? core.store.remove(entry) : core.store.put(entry, { ...entry, object });
    if (done !== false) return void (await done);
  }
}

async function cleanUp(core: Core, entry: Entry): Promise<void> {
  const definition = entry.object as unknown as Definition;
  const collection = `${definition.spec.group}/${definition.spec.names.plural}`;
  const kind = kindOf(core, definition);
  const pending = core.store.list(collection, "").filter(({ object }) => !object.metadata.deletionTimestamp);
  if (kind) await Promise.all(pending.map((instance) => deleteInstance(core, kind, instance)));
  if (core.store.list(collection, "").length === 0) await release(core, entry.key);
}

/** Names that a deleted definition held may be what others have waited for. */
function offerNames(core: Core, group: string): void {
  for (const { spec, metadata, status } of core.kinds.definitions()) {
    const refused = status?.conditions?.some((condition) => condition.type === "NamesAccepted" && condition.status === "False");
    const entry = core.store.head(objectKey(DEFINITIONS, "", metadata.name ?? ""));
    if (!refused || spec.group !== group || !entry) continue;
    const object = copyJson(entry.object);
    prepareDefinition(core, object, entry.object);
    const written = core.store.put(entry, { ...entry, object });
    if (written !== false) written.catch((thrown: unknown) => core.logger.error("names not accepted", { definition: entry.name, error: messageOf(thrown) }));
  }
}

/** Watches definitions; a terminating one is worked on again whenever one of its objects goes. */
export function definitionCleanup(core: Core): DefinitionCleanup {
  const running = new Map<string, Promise<void>>();
  const followed = new Map<string, () => void>();
  const work = (key: string): void => {
    const entry = core.store.get(key);
    if (!entry?.object.metadata.deletionTimestamp || core.closing.aborted) return;
    const step = (running.get(key) ?? Promise.resolve())
      .then(() => cleanUp(core, entry))
      .catch((thrown: unknown) => {
        core.logger.error("definition cleanup failed", { definition: entry.name, error: messageOf(thrown) });
        core.clock.after(RETRY_MS, () => work(key));
      });
    running.set(key, step);
  };
  const note = (entry: Entry): void => {
    if (!entry.object.metadata.deletionTimestamp || !entry.object.metadata.finalizers?.includes(CLEANUP_FINALIZER)) return;
    const { spec } = entry.object as unknown as Definition;
    const collection = `${spec.group}/${spec.names.plural}`;
    if (!followed.has(entry.key))
      followed.set(
        entry.key,
        core.store.subscribe(collection, ({ type }) => type === "DELETED" && work(entry.key)),
      );
    work(entry.key);
  };
  for (const entry of core.store.list(DEFINITIONS, "")) note(entry);
  followed.set(
    "",
    core.store.subscribe(DEFINITIONS, ({ type, entry }) => {
      if (type !== "DELETED") return note(entry);
      followed.get(entry.key)?.();
      followed.delete(entry.key);
      running.delete(entry.key);
      offerNames(core, (entry.object as unknown as Definition).spec.group);
    }),
  );
  return {
    async stop() {
      for (const unfollow of followed.values()) unfollow();
      await Promise.all(running.values());
    },
  };
}
