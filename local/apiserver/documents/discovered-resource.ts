/** One entry of discovery: a resource or a subresource of it. */
export interface DiscoveredResource {
  readonly group: string;
  readonly version: string;
  readonly name: string;
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly DiscoveredSubresource[];
}

export interface DiscoveredSubresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  /** Of the kind, where it is not the resource's own. */
  readonly group?: string;
  readonly version?: string;
}
