import { type Informer, type InformerSet, type KindRef, keyOf, type KubeObject, type OwnerReference, type Stored } from "../../kube/index.ts";

/** An object and where it is kept. */
export interface Node {
  readonly kind: KindRef;
  readonly object: Stored;
}

/** Who owns whom, over every kind that is followed. Reads the shared informers; keeps no copy. */
export interface OwnerGraph {
  follow(kind: KindRef, changed: (change: "set" | "gone", node: Node) => void): void;
  get(collection: string, key: string): Node | undefined;
  /** Objects that name this uid as an owner. */
  dependentsOf(uid: string): Node[];
  byUid(uid: string): Node | undefined;
  /** The followed kind an owner reference means; its version may be another one. */
  kindOf(reference: OwnerReference): KindRef | undefined;
  /** Every followed kind has been listed. */
  readonly synced: boolean;
}

export const collectionOf = ({ group, plural }: KindRef): string => `${group}/${plural}`;
export const queueKey = ({ kind, object }: Node): string => `${collectionOf(kind)}|${keyOf(object)}`;
export const ownersOf = (object: KubeObject): readonly OwnerReference[] => object.metadata.ownerReferences ?? [];

export function ownerGraph(informers: InformerSet): OwnerGraph {
  const followed = new Map<string, { kind: KindRef; informer: Informer }>();
  const search = (index: string, value: string): Node[] =>
    [...followed.values()].flatMap(({ kind, informer }) => informer.byIndex(index, value).map((object) => ({ kind, object })));
  return {
    follow(kind, changed) {
      if (followed.has(collectionOf(kind))) return;
      const informer = informers.of({ kind });
      followed.set(collectionOf(kind), { kind, informer });
      informer.addIndex("ownerUid", (object) => ownersOf(object).map(({ uid }) => uid));
      informer.addIndex("uid", (object) => [object.metadata.uid]);
      informer.onChange(({ type, object }) => changed(type === "deleted" ? "gone" : "set", { kind, object }));
      for (const object of informer.list()) changed("set", { kind, object });
    },
    get(collection, key) {
      const found = followed.get(collection);
      const object = found?.informer.get(key);
      return found && object ? { kind: found.kind, object } : undefined;
    },
    dependentsOf: (uid) => search("ownerUid", uid),
    byUid: (uid) => search("uid", uid)[0],
    kindOf({ apiVersion, kind }) {
      const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
      return [...followed.values()].find((each) => each.kind.group === group && each.kind.kind === kind)?.kind;
    },
    get synced() {
      return [...followed.values()].every(({ informer }) => informer.synced);
    },
  };
}
