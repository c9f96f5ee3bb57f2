/**
 * A right that a program needs of the Kubernetes API, in RBAC's own words, and where it needs it. A controller lists its own beside its
 * reconciler; the installation turns the lists into roles.
 */
export interface PolicyRule {
  /** "" is the core group. */
  readonly apiGroups: readonly string[];
  /** Plural names; a subresource is `runs/status`. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Only objects of these names; absent: any. */
  readonly resourceNames?: readonly string[];
  /**
   * cluster (default): everywhere. projects: in namespaces of Projects only. gitsyncs: where a GitSync may stand, in namespaces of Projects
   * and in that of the installation. system: in the namespace of the installation only.
   */
  readonly in?: "cluster" | "projects" | "gitsyncs" | "system";
}
