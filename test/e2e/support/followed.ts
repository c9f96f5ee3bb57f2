import { type GitSync, GitSyncKind } from "../../../crds/index.ts";
import type { ObjectRef, Stored } from "../../../kube/index.ts";
import { type Bench, type Product, up } from "./product.ts";
import type { Program } from "./program.ts";
import { type Repository, repository } from "./repository.ts";

/** A repository, and a product that follows it: the one of a laptop, or an installation of a cluster. */
export interface Followed {
  readonly repo: Repository;
  readonly product: Pick<Product, "client" | "cli" | "sees" | "kubeconfig">;
  readonly sync: ObjectRef;
  /** What a laptop prints meanwhile. A cluster has nobody to print to. */
  readonly program?: Program;
  /** Has a product look for commits that does not see them by itself. */
  look?(): Promise<void>;
}

/** Makes a repository and has it followed. `more` changes it before its first commit. */
export type Follow = (files: Readonly<Record<string, string>>, more?: (repo: Repository) => void) => Promise<Followed>;

/** How a laptop follows a repository. */
export const followedByUp =
  (on: () => Bench): Follow =>
  async (files, more) => {
    const repo = repository(on().path("repo"), files, more);
    return followedBy(repo, await up(on(), { repo: repo.path }));
  };

export const followedBy = (repo: Repository, product: Product): Followed => ({
  repo,
  product,
  program: product.program,
  sync: { namespace: "flyteops-system", name: "platform" },
});

type Status = NonNullable<GitSync["status"]>;

export const conditionIn = (status: Status | undefined, type: string) => status?.conditions?.find((one) => one.type === type);

export async function syncIs({ product, sync, look }: Followed, satisfied: (status: Status) => boolean): Promise<Stored<GitSync>> {
  await look?.();
  return product.sees<GitSync>(GitSyncKind, sync, (found) => found?.status !== undefined && satisfied(found.status));
}

/** The commit has been handled: applied, or judged. */
export const handled = (followed: Followed, commit: string): Promise<Stored<GitSync>> =>
  syncIs(followed, (status) => {
    const ready = conditionIn(status, "Ready");
    return `${status.attemptedRevision ?? status.revision}`.endsWith(commit) && ready !== undefined && ready.status !== "Unknown";
  });
