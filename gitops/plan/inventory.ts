/**
 * What a GitSync knows about one object it applied or is about to apply. An entry is written before the object is created (without uid)
 * and completed after; it goes when the manifest has left the repository and the object was pruned or released.
 */
export interface InventoryEntry {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Absent until the first apply was confirmed. */
  readonly uid?: string | undefined;
  /** Digest of the manifest and of its files, as last applied. */
  readonly digest?: string | undefined;
  /** metadata.generation that the apply left behind; another generation means that somebody else wrote. */
  readonly generation?: number | undefined;
  /** The revision that first had this digest. */
  readonly revision?: string | undefined;
  /** `file:line` it was applied from. */
  readonly source?: string | undefined;
  /** Runs: digest of the immutable fields as written. */
  readonly run?: string | undefined;
  /** Last value git gave to each field that people write too, by dotted path; an absent path was not in git. */
  readonly shared?: Readonly<Record<string, unknown>> | undefined;
  /** Fields that git holds but another manager owns. */
  readonly overridden?: readonly Overridden[] | undefined;
}

/** A field that was left as somebody else set it. */
export interface Overridden {
  /** `spec.suspend` */
  readonly field: string;
  readonly manager: string;
  /** RFC 3339. */
  readonly time?: string | undefined;
}

/** By `objectKey`. */
export type Inventory = ReadonlyMap<string, InventoryEntry>;
