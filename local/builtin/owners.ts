import { ignoreNotFound, type KindRef, type ObjectClient, type OwnerReference } from "../../kube/index.ts";
import { collectionOf, type Node, type OwnerGraph, ownersOf } from "./owner-graph.ts";

/** The owners of an object, by what they mean for it. */
export interface Owners {
  /** They are there, and nothing is to be done. */
  readonly solid: OwnerReference[];
  /** They are gone. */
  readonly dangling: OwnerReference[];
  /** Owners in foreground deletion: they wait for this object. */
  readonly waiting: OwnerReference[];
  /** Some owner's kind is not served (yet): nothing is concluded from that. */
  unknown: boolean;
}

/** As many as a real garbage collector remembers. */
const REMEMBERED = 500;

/**
 * Tells the owners that are there from those that are not. The cache may be behind: what it does not have is asked for. An owner of another
 * namespace counts as absent.
 */
export function ownersSeen(client: ObjectClient, graph: OwnerGraph, isForeground: (owner: Node) => boolean): (node: Node) => Promise<Owners> {
  /**
   * Owners that were looked for and are not there, the latest last. By all that a reference says: one that names the wrong place must not
   * condemn those that name the right one.
   */
  const absent = new Set<string>();

  function remember(key: string): void {
    absent.add(key);
    const [oldest] = absent;
    if (absent.size > REMEMBERED && oldest !== undefined) absent.delete(oldest);
  }

  async function find(kind: KindRef, { uid, name }: OwnerReference, namespace: string | undefined): Promise<Node | undefined> {
    const cached = graph.byUid(uid);
    if (cached && (!kind.namespaced || cached.object.metadata.namespace === namespace)) return cached;
    const key = [collectionOf(kind), kind.namespaced ? namespace : "", name, uid].join("|");
    if (absent.has(key)) return undefined;
    const object = await client.get(kind, kind.namespaced ? { namespace, name } : { name }).catch(ignoreNotFound);
    if (object?.metadata.uid === uid) return { kind, object };
    if (!cached) remember(key);
    return undefined;
  }

  return async ({ kind, object }) => {
    const seen: Owners = { solid: [], dangling: [], waiting: [], unknown: false };
    for (const reference of ownersOf(object)) {
      const ownerKind = graph.kindOf(reference);
      if (!ownerKind || (ownerKind.namespaced && !kind.namespaced)) {
        seen.unknown ||= !ownerKind;
        seen.solid.push(reference);
        continue;
      }
      const owner = await find(ownerKind, reference, object.metadata.namespace);
      if (!owner) seen.dangling.push(reference);
      else (isForeground(owner) ? seen.waiting : seen.solid).push(reference);
    }
    return seen;
  };
}
