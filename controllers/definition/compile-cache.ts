import { ANNOTATION, type JsonObject } from "../../base/index.ts";
import type { ProjectQuota, Task, Workflow } from "../../crds/index.ts";
import { compile, type CompileResult, type Definition, type Definitions, encodePlan, QUOTA_REFERENCE } from "../../engine/index.ts";
import { compareResourceVersions, type ObjectReader, type Stored } from "../../kube/index.ts";

export type DefinitionKind = "Task" | "Workflow";
/** What a compilation looks up: definitions, and the limits of their namespace. */
export type LookedUp = DefinitionKind | "ProjectQuota";

export interface Compiled extends CompileResult {
  /** The plan as it is stored, and its digest. */
  readonly stored?: { readonly text: string; readonly digest: string };
}

export interface CompileCache {
  /** The newest compilation of a definition; compiled anew only if it, or something it names, has changed. */
  compile(kind: DefinitionKind, namespace: string, name: string): Compiled;
  /** Definitions whose last compilation looked this one up, as `namespace/name`. */
  dependents(kind: LookedUp, namespace: string, name: string): readonly string[];
  /** Revision of what a definition names that was written last, itself left out; undefined when nothing says where it came from. */
  latestRevision(kind: DefinitionKind, namespace: string, name: string): string | undefined;
  forget(namespace: string, name: string): void;
}

interface Entry {
  readonly stamp: string;
  readonly compiled: Compiled;
}

/** Compiles over the objects in the caches of one cluster. */
export function compileCache(tasks: ObjectReader<Task>, workflows: ObjectReader<Workflow>, quotas: ObjectReader<ProjectQuota>): CompileCache {
  const entries = new Map<string, Entry>();
  const users = new Map<string, Set<string>>();

  const reader = (kind: DefinitionKind): ObjectReader<Task | Workflow> => (kind === "Task" ? tasks : workflows) as ObjectReader<Task | Workflow>;
  const quotaOf = (namespace: string): Stored<ProjectQuota> | undefined => live(quotas.get(`${namespace}/default`));

  function lookedUp(reference: string, namespace: string): Stored | undefined {
    const [kind, name] = reference.split("/") as [LookedUp, string];
    return kind === "ProjectQuota" ? quotaOf(namespace) : live(reader(kind).get(`${namespace}/${name}`));
  }

  function definitionOf(kind: DefinitionKind, namespace: string, name: string): Definition | undefined {
    const object = live(reader(kind).get(`${namespace}/${name}`));
    return object && { kind, name, spec: object.spec as unknown as JsonObject };
  }

  function definitionsOf(namespace: string): Definitions {
    const names = (kind: DefinitionKind) => reader(kind).list(namespace).filter(live).map(({ metadata }) => metadata.name); // prettier-ignore
    return {
      task: (name) => definitionOf("Task", namespace, name),
      workflow: (name) => definitionOf("Workflow", namespace, name),
      taskNames: () => names("Task"),
      workflowNames: () => names("Workflow"),
      taskLimits: () => quotaOf(namespace)?.spec.taskLimits,
    };
  }

  /** What a compilation depends on, in one text: uid and generation of everything it looked up. */
  function stampOf(namespace: string, references: readonly string[]): string {
    return references
      .map((reference) => {
        const object = lookedUp(reference, namespace);
        return object ? `${reference}@${object.metadata.uid}:${object.metadata.generation ?? 0}` : `${reference}@absent`;
      })
      .join(" ");
  }

  function remember(key: string, namespace: string, result: CompileResult): Compiled {
    for (const reference of entries.get(key)?.compiled.references ?? []) users.get(`${namespace}/${reference}`)?.delete(key);
    for (const reference of result.references) {
      const at = `${namespace}/${reference}`;
      users.set(at, (users.get(at) ?? new Set()).add(key));
    }
    const compiled: Compiled = result.plan ? { ...result, stored: encodePlan(result.plan) } : result;
    entries.set(key, { stamp: stampOf(namespace, result.references), compiled });
    return compiled;
  }

  return {
    compile(kind, namespace, name) {
      const key = `${kind}/${namespace}/${name}`;
      const known = entries.get(key);
      if (known?.stamp === stampOf(namespace, known?.compiled.references ?? [])) return known.compiled;
      return remember(key, namespace, compile(definitionsOf(namespace), { kind, name }));
    },
    dependents(kind, namespace, name) {
      return [...(users.get(`${namespace}/${kind}/${name}`) ?? [])].map((key) => key.slice(key.indexOf("/") + 1));
    },
    latestRevision(kind, namespace, name) {
      const named = (entries.get(`${kind}/${namespace}/${name}`)?.compiled.references ?? []).filter(
        (reference) => reference !== `${kind}/${name}` && reference !== QUOTA_REFERENCE,
      );
      const objects = named.flatMap((reference) => {
        const object = lookedUp(reference, namespace);
        return object?.metadata.annotations?.[ANNOTATION.revision] === undefined ? [] : [object.metadata];
      });
      const [latest] = objects.sort((a, b) => compareResourceVersions(b.resourceVersion, a.resourceVersion));
      return latest?.annotations?.[ANNOTATION.revision];
    },
    forget(namespace, name) {
      for (const kind of ["Task", "Workflow"]) entries.delete(`${kind}/${namespace}/${name}`);
    },
  };
}

/** A definition that is being deleted is not there any more. */
function live<T extends Stored>(object: T | undefined): T | undefined {
  return object?.metadata.deletionTimestamp === undefined ? object : undefined;
}
