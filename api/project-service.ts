import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { Project } from "../crds/index.ts";
import type { Stored } from "../kube/index.ts";
import { create } from "../proto/index.ts";
import { type ProjectMessage, ProjectSchema, type ProjectService } from "../proto/services/index.ts";
import type { ApiReader } from "./reader.ts";

function projectMessage({ metadata, spec }: Stored<Project>): ProjectMessage {
  return create(ProjectSchema, {
    id: metadata.name,
    name: spec.displayName ?? metadata.name,
    description: spec.description ?? "",
    domains: spec.domains.map((id) => ({ id, name: id })),
    labels: { values: metadata.labels ?? {} },
  });
}

/** ProjectService of flyteidl2, as far as it reads. */
export function projectService(reader: ApiReader): Partial<ServiceImpl<typeof ProjectService>> {
  const sorted = () => [...reader.projects()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    getProject({ id }) {
      const found = sorted().find(({ metadata }) => metadata.name === id);
      if (!found) throw new ConnectError(`there is no project ${id}`, Code.NotFound);
      return { project: projectMessage(found) };
    },
    listProjects({ filters, sortBy }) {
      if (filters !== "" || sortBy !== undefined) throw new ConnectError("filters and sort_by of projects do not work yet: leave them out", Code.Unimplemented);
      return { projects: { projects: sorted().map(projectMessage), token: "" } };
    },
  };
}
