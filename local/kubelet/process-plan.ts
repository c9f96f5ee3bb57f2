import { delimiter } from "node:path";
import { OWN, ownMounts, rewritePaths } from "./container-mounts.ts";
import type { ContainerRequest } from "./container-runtime.ts";
import { launchedEnvironment, type LaunchedEnvironment } from "./launcher-environment.ts";
import type { Container } from "./pod-shapes.ts";
import { type FoundProgram, programOf } from "./program.ts";
import type { ContainerMount } from "./root-plan.ts";
import { runAs } from "./run-as.ts";
import type { RunAs, Sandbox } from "./sandbox.ts";

export interface PlanDeps {
  readonly sandbox: Sandbox;
  /** PATH for containers, without the prefix an image may bring. */
  readonly hostPath: string;
  /** Directory to put in front of PATH for an image name; undefined when the image is not known. */
  readonly imagePath: (image: string) => string | undefined;
}

/** Everything about one start that can be said before a process exists. */
export interface ProcessPlan extends LaunchedEnvironment {
  readonly argv: readonly string[];
  readonly mounts: readonly ContainerMount[];
  readonly workingDir: string;
  readonly program: FoundProgram;
  /** Absent: as this program. */
  readonly runAs: RunAs | undefined;
}

export function pathFor({ image = "" }: Container, { imagePath, hostPath }: PlanDeps): string {
  const prefix = imagePath(image);
  return prefix === undefined ? hostPath : `${prefix}${delimiter}${hostPath}`;
}

/** Rejects with ConfigError or ProgramNotFound. */
export function planProcess({ pod, container, directories, env: declared, mounts: volumes, ...words }: ContainerRequest, deps: PlanDeps): ProcessPlan {
  const real = deps.sandbox.capability.kind === "namespaces";
  const mounts = [...volumes, ...ownMounts(container, directories, volumes)];
  const place = (word: string) => (real ? word : rewritePaths(word, mounts));
  const env: Record<string, string> = {
    PATH: pathFor(container, deps),
    HOME: real ? OWN.home : directories.home,
    TMPDIR: real ? OWN.tmp : directories.tmp,
    LANG: "C.UTF-8",
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name ?? "",
    ...Object.fromEntries([...declared].map(([name, value]) => [name, place(value)])),
  };
  const workingDir = place(container.workingDir || (real ? OWN.work : directories.work));
  const argv = [...words.command, ...words.args].map(place);
  return {
    ...launchedEnvironment(env),
    argv,
    mounts,
    workingDir,
    runAs: runAs(pod, container, process.getuid?.() ?? 0),
    program: programOf(container, argv, env["PATH"] ?? "", workingDir, real ? mounts : []),
  };
}
