/** How many shards one replica should hold, of those that live. */
export interface ShareView {
  readonly shards: number;
  /** Identities of the replicas that live, with how many shards each holds now. */
  readonly members: ReadonlyMap<string, number>;
}

/**
 * The fair share of a replica: all shares add up to the number of shards and differ by one at most. Who holds more keeps more, so that
 * nothing moves without need; ties go by name. Every replica that sees the same computes the same.
 */
export function shareOf({ shards, members }: ShareView, identity: string): number {
  const ranked = [...members].sort(([left, held], [right, heldRight]) => heldRight - held || (left < right ? -1 : 1)).map(([name]) => name);
  const rank = ranked.indexOf(identity);
  if (rank < 0) return 0;
  return Math.floor(shards / ranked.length) + (rank < shards % ranked.length ? 1 : 0);
}

/** Which of `shards` shards a text belongs to: the same in every program and every release (FNV-1a, finished so that all bits count). */
export function shardOf(text: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % shards;
}
