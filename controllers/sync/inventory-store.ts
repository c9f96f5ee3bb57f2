import { API_VERSION, LABEL, parseJson, stringifyJson } from "../../base/index.ts";
import type { GitSync } from "../../crds/index.ts";
import { type Inventory, type InventoryEntry, objectKey } from "../../gitops/index.ts";
import { isAlreadyExists, isNotFound, Kinds, type KubeObject, type ObjectClient, type Stored } from "../../kube/index.ts";

/** Entries of one ConfigMap: at some 400 bytes each it stays below 64 KiB. */
const PART_ENTRIES = 150;
const FIELD_MANAGER = "flyteops-inventory";

type Part = KubeObject & { data?: Record<string, string> };

/** What is written about one object; undefined removes the entry. */
export type InventoryChanges = ReadonlyMap<string, InventoryEntry | undefined>;

/**
 * The inventory of one GitSync, in ConfigMaps of its namespace that go with it. An entry stays in the part it was first written to, so one
 * changed object is one small patch. Parts are read once; after that this process is their only writer.
 */
export interface InventoryStore {
  load(sync: Stored<GitSync>): Promise<Inventory>;
  /** Resolves when everything is stored. On failure nothing is remembered that was not. */
  write(sync: Stored<GitSync>, changes: InventoryChanges): Promise<void>;
  /** Names of the parts. */
  parts(sync: Stored<GitSync>): readonly string[];
  forget(uid: string): void;
}

interface Held {
  readonly entries: Map<string, InventoryEntry>;
  /** Part of each entry. */
  readonly places: Map<string, string>;
  readonly sizes: Map<string, number>;
}

const dataKey = ({ kind, namespace, name }: InventoryEntry): string => `${kind}_${namespace}_${name}`;

function encode({ kind: _kind, namespace: _namespace, name: _name, ...rest }: InventoryEntry): string {
  return stringifyJson(rest);
}

function decode(key: string, text: string): InventoryEntry {
  const [kind = "", namespace = "", name = ""] = key.split("_");
  try {
    return { ...(parseJson(text) as Omit<InventoryEntry, "kind" | "namespace" | "name">), kind, namespace, name };
  } catch {
    // A person's typing: the object is found again by its labels.
    return { kind, namespace, name };
  }
}

export function inventoryStore(client: ObjectClient): InventoryStore {
  const held = new Map<string, Held>();
  const loaded = async (sync: Stored<GitSync>): Promise<Held> => {
    const known = held.get(sync.metadata.uid) ?? (await readParts(client, sync));
    held.set(sync.metadata.uid, known);
    return known;
  };
  return {
    load: async (sync) => (await loaded(sync)).entries,
    async write(sync, changes) {
      if (changes.size === 0) return;
      const state = await loaded(sync);
      try {
        for (const [part, patch] of patchesOf(sync, state, changes)) await writePart(client, sync, state, part, patch);
        for (const [key, entry] of changes) remember(state, key, entry);
      } catch (thrown) {
        held.delete(sync.metadata.uid);
        throw thrown;
      }
    },
    parts: (sync) => [...(held.get(sync.metadata.uid)?.sizes.keys() ?? [])].sort(),
    forget: (uid) => void held.delete(uid),
  };
}

async function readParts(client: ObjectClient, sync: Stored<GitSync>): Promise<Held> {
  const { namespace, uid } = sync.metadata;
  const { items } = await client.list<Part>(Kinds.ConfigMap, { namespace, labelSelector: `${LABEL.managed}=inventory,${LABEL.syncUid}=${uid}` });
  const state: Held = { entries: new Map(), places: new Map(), sizes: new Map() };
  for (const { metadata, data = {} } of items) {
    state.sizes.set(metadata.name, Object.keys(data).length);
    for (const [key, text] of Object.entries(data)) {
      const entry = decode(key, text);
      state.entries.set(objectKey(entry), entry);
      state.places.set(objectKey(entry), metadata.name);
    }
  }
  return state;
}

function remember(state: Held, key: string, entry: InventoryEntry | undefined): void {
  if (entry) state.entries.set(key, entry);
  else {
    state.entries.delete(key);
    const place = state.places.get(key);
    if (place !== undefined) state.sizes.set(place, (state.sizes.get(place) ?? 1) - 1);
    state.places.delete(key);
  }
}

/** One patch of `data` for every part that changes. New entries find their place here. */
function patchesOf(sync: Stored<GitSync>, state: Held, changes: InventoryChanges): Map<string, Record<string, string | null>> {
  const patches = new Map<string, Record<string, string | null>>();
  for (const [key, entry] of changes) {
    const before = state.entries.get(key);
    if (!entry && !before) continue;
    const place = state.places.get(key) ?? placeFor(sync, state, key);
    const patch = patches.get(place) ?? {};
    if (entry) patch[dataKey(entry)] = encode(entry);
    else if (before) patch[dataKey(before)] = null;
    patches.set(place, patch);
  }
  return patches;
}

function placeFor(sync: Stored<GitSync>, state: Held, key: string): string {
  const withRoom = [...state.sizes].find(([, size]) => size < PART_ENTRIES)?.[0];
  const place = withRoom ?? freeName(sync, state);
  state.places.set(key, place);
  state.sizes.set(place, (state.sizes.get(place) ?? 0) + 1);
  return place;
}

function freeName(sync: Stored<GitSync>, state: Held): string {
  for (let index = 0; ; index += 1) {
    const name = `${sync.metadata.name}-inventory-${index}`;
    if (!state.sizes.has(name)) return name;
  }
}

/** Everything that is known to stand in a part: what it is made of when somebody deleted it. */
function heldIn(state: Held, part: string): Record<string, string> {
  const entries = [...state.entries].filter(([key]) => state.places.get(key) === part);
  return Object.fromEntries(entries.map(([, entry]) => [dataKey(entry), encode(entry)]));
}

async function writePart(client: ObjectClient, sync: Stored<GitSync>, state: Held, name: string, data: Record<string, string | null>): Promise<void> {
  const { namespace } = sync.metadata;
  const patch = () => client.patch(Kinds.ConfigMap, { namespace, name }, { type: "merge", body: { data } }, { fieldManager: FIELD_MANAGER });
  try {
    await patch();
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
    await client.create(Kinds.ConfigMap, newPart(sync, name, { ...heldIn(state, name), ...data }), { fieldManager: FIELD_MANAGER }).catch((failed: unknown) => {
      if (!isAlreadyExists(failed)) throw failed;
      return patch();
    });
  }
}

function newPart(sync: Stored<GitSync>, name: string, data: Record<string, string | null>): Part {
  const { namespace = "", name: owner, uid } = sync.metadata;
  const entries = Object.entries(data).flatMap(([key, text]) => (text === null ? [] : [[key, text] as const]));
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      namespace,
      labels: { [LABEL.managed]: "inventory", [LABEL.syncUid]: uid },
      ownerReferences: [{ apiVersion: API_VERSION, kind: "GitSync", name: owner, uid }],
    },
    data: Object.fromEntries(entries),
  };
}
