import { runAttached } from "./attached-command.ts";
import { rewritePaths } from "./container-mounts.ts";
import type { ExecRequest } from "./container-runtime.ts";
import { launcherEnvironment } from "./launcher-environment.ts";
import { readOrNothing } from "./process-reaper.ts";
import type { ProcessPlan } from "./process-plan.ts";
import { boundedRights, identity, type Namespaces, oddEnvironment, type Sandbox } from "./sandbox.ts";
import type { RunningProcess } from "./spawn-process.ts";

/** A command inside the namespaces of a running container, with its environment. Resolves with the exit code. */
export function execInContainer(running: RunningProcess, plan: ProcessPlan, request: ExecRequest, deps: { readonly sandbox: Sandbox }): Promise<number> {
  const { capability } = deps.sandbox;
  const real = capability.kind === "namespaces";
  const argv = real
    ? [...enterNamespaces(running, plan, capability), ...oddEnvironment(plan), ...request.command]
    : [...oddEnvironment(plan), ...request.command.map((word) => rewritePaths(word, plan.mounts))];
  return runAttached({ argv, env: launcherEnvironment(plan), cwd: real ? "/" : plan.workingDir }, request);
}

/** The launcher still lives in the namespaces it made; only the process namespace is that of the container's first process. */
function enterNamespaces({ pid, leader }: RunningProcess, { workingDir, runAs }: ProcessPlan, capability: Namespaces): string[] {
  const { tools, userNamespace } = capability;
  const id = (name: string) => new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(readOrNothing(`/proc/${pid}/status`) ?? "")?.[1] ?? "0";
  const who = userNamespace ? ["--user", "--preserve-credentials"] : ["--setuid", id("Uid"), "--setgid", id("Gid")];
  const enter = [tools.nsenter, "--target", String(leader), ...who, "--mount", `--pid=/proc/${pid}/ns/pid`];
  // The user is changed last: in a user namespace of ours that would have no right to the mounts of the container.
  const rights = userNamespace ? identity(capability, runAs) : boundedRights(capability);
  return [...enter, ...rights, tools.sh, "-c", 'cd "$0" && exec "$@"', workingDir];
}
