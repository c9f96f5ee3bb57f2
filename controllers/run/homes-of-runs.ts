import { LABEL, type Place, placeOf } from "../../base/index.ts";
import { type Project, ProjectKind } from "../../crds/index.ts";
import { ignoreNotFound, type InformerSet, Kinds } from "../../kube/index.ts";

/** What a run's namespace says about it. */
export interface HomesOfRuns {
  /** Project and domain are labels of the namespace; without them they are read off its name. */
  place(namespace: string): Place;
  /**
   * Where remote data of a new run may lie. Only a namespace that the Project itself has made or adopted gets its prefixes, not one that is
   * merely called so. A run that names such data (`wanted`) comes to fresh eyes: it may have been applied together with the prefix that allows it.
   */
  dataPrefixes(namespace: string, wanted: boolean): Promise<readonly string[]>;
  isTerminating(namespace: string): boolean;
}

export function homesOfRuns(informers: InformerSet): HomesOfRuns {
  const { client } = informers;
  const projects = informers.of<Project>({ kind: ProjectKind });
  const namespaces = informers.of({ kind: Kinds.Namespace });
  return {
    place(namespace) {
      const labels = namespaces.get(namespace)?.metadata.labels;
      const { project, domain } = placeOf(namespace);
      return { project: labels?.[LABEL.project] ?? project, domain: labels?.[LABEL.domain] ?? (domain || "default") };
    },
    async dataPrefixes(namespace, wanted) {
      const home = wanted ? await client.get(Kinds.Namespace, { name: namespace }).catch(ignoreNotFound) : namespaces.get(namespace);
      const labels = home?.metadata.labels;
      const name = labels?.[LABEL.project];
      if (name === undefined) return [];
      const project = wanted ? await client.get<Project>(ProjectKind, { name }).catch(ignoreNotFound) : projects.get(name);
      return project && labels?.[LABEL.projectUid] === project.metadata.uid ? (project.spec.dataPrefixes ?? []) : [];
    },
    isTerminating: (namespace) => namespaces.get(namespace)?.metadata.deletionTimestamp !== undefined,
  };
}
