import type { Stored } from "../../../kube/index.ts";
import { customKinds } from "./custom-kind.ts";
import { type Definition, DEFINITIONS } from "./definition.ts";
import type { ServedKind } from "./served-kind.ts";
import type { Store } from "../storage/store.ts";

/** Everything served at this moment: the built-in kinds and those of every established definition. */
export interface KindRegistry {
  find(group: string, version: string, plural: string): ServedKind | undefined;
  /** Whether any kind of this group version is served. */
  serves(group: string, version: string): boolean;
  /** In the order of discovery: built-in kinds first, then custom ones by group and plural. */
  all(): readonly ServedKind[];
  /** Calls back after every change of `all()`. Returns the way to stop. */
  onChange(act: () => void): () => void;
  /** Changes whenever `all()` does; for caches of documents. */
  readonly revision: number;
  /** Definitions by name, whether established or not. */
  definitions(): readonly Definition[];
  definition(name: string): Definition | undefined;
}

const keyOf = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`;

/** Follows the definitions in the store from now on; a change is served as soon as it is committed. */
export function kindRegistry(store: Store, builtins: readonly ServedKind[]): KindRegistry {
  const definitions = new Map<string, { definition: Definition; kinds: readonly ServedKind[] }>();
  let index = new Map<string, ServedKind>();
  let all: readonly ServedKind[] = [];
  let revision = 0;
  const listeners = new Set<() => void>();
  const rebuild = (): void => {
    const custom = [...definitions.keys()].sort().flatMap((name) => definitions.get(name)?.kinds ?? []);
    all = [...builtins, ...custom];
    index = new Map(all.map((kind) => [keyOf(kind.group, kind.version, kind.plural), kind]));
    revision += 1;
    for (const act of listeners) act();
  };
  const note = (object: Stored): void => {
    const definition = object as unknown as Definition;
    definitions.set(object.metadata.name, { definition, kinds: customKinds(definition) });
  };
  for (const entry of store.list(DEFINITIONS, "")) note(entry.object);
  rebuild();
  store.subscribe(DEFINITIONS, ({ type, entry }) => {
    if (type === "DELETED") definitions.delete(entry.name);
    else note(entry.object);
    rebuild();
  });
  return {
    find: (group, version, plural) => index.get(keyOf(group, version, plural)),
    serves: (group, version) => all.some((kind) => kind.group === group && kind.version === version),
    all: () => all,
    onChange(act) {
      listeners.add(act);
      return () => void listeners.delete(act);
    },
    get revision() {
      return revision;
    },
    definitions: () => [...definitions.values()].map(({ definition }) => definition),
    definition: (name) => definitions.get(name)?.definition,
  };
}
