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
  const env = launcherEnvironment(plan);
  if (!real)
    return runAttached(
      { argv: [...oddEnvironment(plan), ...request.command.map((word) => rewritePaths(word, plan.mounts))], env, cwd: plan.workingDir },
      request,
    );
  const argv = [...enterRoot(running, plan, capability), ...oddEnvironment(plan), ...request.command];
  return runAttached({ outside: enterProcesses(running, capability), argv, env, cwd: "/" }, request);
}

/**
 * Among the processes of the container, but still with the files of this machine: a terminal is made here. A shell wants the process group that its
 * terminal had before to be one that it can name, and those outside have no number inside.
 */
function enterProcesses({ pid, leader }: RunningProcess, { tools, userNamespace }: Namespaces): string[] {
  const user = userNamespace ? ["--user", "--preserve-credentials"] : [];
  return [tools.nsenter, "--target", String(leader), ...user, `--pid=/proc/${pid}/ns/pid`];
}

/** The launcher still lives in the namespaces it made; only the process namespace is that of the container's first process. */
function enterRoot({ pid, leader }: RunningProcess, { workingDir, runAs }: ProcessPlan, capability: Namespaces): string[] {
  const { tools, userNamespace } = capability;
  const id = (name: string) => new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(readOrNothing(`/proc/${pid}/status`) ?? "")?.[1] ?? "0";
  const who = userNamespace ? [] : ["--setuid", id("Uid"), "--setgid", id("Gid")];
  const enter = [tools.nsenter, "--target", String(leader), ...who, "--mount"];
  // The user is changed last: in a user namespace of ours that would have no right to the mounts of the container.
  const rights = userNamespace ? identity(capability, runAs) : boundedRights(capability);
  return [...enter, ...rights, tools.sh, "-c", 'cd "$0" && exec "$@"', workingDir];
}
