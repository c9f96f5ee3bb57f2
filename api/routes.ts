import type { ConnectRouter } from "@connectrpc/connect";
import { ProjectService, RunService } from "../proto/services/index.ts";
import { projectService } from "./project-service.ts";
import type { ApiReader } from "./reader.ts";
import { refusals } from "./refusals.ts";
import { runService } from "./run-service.ts";

/** Adds the services that there are. Every method of theirs answers: with what it reads, or with why not. */
export function apiRoutes(reader: ApiReader): (router: ConnectRouter) => void {
  const [runs, projects] = [runService(reader), projectService(reader)];
  return (router) => {
    router.service(RunService, { ...refusals(RunService, runs), ...runs });
    router.service(ProjectService, { ...refusals(ProjectService, projects), ...projects });
  };
}
