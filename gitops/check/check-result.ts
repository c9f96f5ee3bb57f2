import type { Problem } from "../problem.ts";
import type { RepositoryObject } from "../repository-object.ts";

/** Everything one look at a repository says. */
export interface CheckResult {
  /** Valid objects, in the order to apply them. */
  readonly objects: readonly RepositoryObject[];
  /** Errors and warnings, sorted. */
  readonly problems: readonly Problem[];
  /** Keys (`objectKey`) of objects that stand in the repository but are invalid: what runs in the cluster stays untouched. */
  readonly held: ReadonlySet<string>;
  /** Files of which not every document could be identified: nothing that came from them may be pruned. */
  readonly brokenFiles: ReadonlySet<string>;
  /** Every file that was looked at. */
  readonly files: ReadonlySet<string>;
  /** Documents that are none of ours. */
  readonly ignored: number;
}

export interface CheckOptions {
  /** Folder of the repository to look at; "" or "." is the root. */
  readonly path?: string;
  /** Globs below `path`. */
  readonly include?: readonly string[];
  /** Tenant level: everything must belong to this project and domain. Absent: platform level. */
  readonly tenant?: { readonly project: string; readonly domain: string };
  /** Namespace of documents that name none; for a tenant always `<project>-<domain>`. */
  readonly defaultNamespace?: string;
}
