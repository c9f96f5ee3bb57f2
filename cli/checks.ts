import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { platform } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../base/index.ts";
import { allKinds } from "../crds/index.ts";
import { ApiError, ignoreNotFound, isNotFound, Kinds, type KubeObject } from "../kube/index.ts";
import type { CliDeps, Connection } from "./context.ts";
import type { Finding } from "./finding.ts";
import { FOREIGN_KINDS, hasForeignKinds } from "./foreign-kinds.ts";
import { checkPrograms } from "./installation-checks.ts";
import { kindFinding } from "./kind-finding.ts";
import { INSTALLATION } from "./storage.ts";

const run = promisify(execFile);
const WANTED_BYTES = 512 * 1024 * 1024;

async function programVersion(program: string, ...args: string[]): Promise<string | undefined> {
  const answer = await run(program, args, { timeout: 5_000 }).catch(() => undefined);
  return answer?.stdout.split("\n")[0]?.trim();
}

async function onPath(deps: CliDeps, program: string): Promise<boolean> {
  for (const directory of (deps.env["PATH"] ?? "").split(delimiter)) {
    const found = await access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

async function checkGit(): Promise<Finding> {
  const version = await programVersion("git", "--version");
  if (!version) return { subject: "git", level: "problem", message: "not found on PATH", hint: "install git: it is the one program that flyteops needs" };
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(version) ?? [];
  const old = Number(major) < 2 || (Number(major) === 2 && Number(minor) < 25);
  return { subject: "git", level: old ? "problem" : "ok", message: version, ...(old ? { hint: "git 2.25 or newer is needed" } : {}) };
}

async function checkKubectl(deps: CliDeps): Promise<Finding> {
  if (await onPath(deps, "kubectl")) return { subject: "kubectl", level: "ok", message: "on PATH" };
  return { subject: "kubectl", level: "ok", message: "not on PATH; not needed: flyteops get, describe, logs and events do the same" };
}

async function checkLoopback(): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve({ subject: "loopback", level: "problem", message: `cannot listen on 127.0.0.1: ${error.message}` }));
    server.listen(0, "127.0.0.1", () => server.close(() => resolve({ subject: "loopback", level: "ok", message: "can listen on 127.0.0.1" })));
  });
}

async function checkDisk(directory: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  const mebibytes = Math.round((bavail * bsize) / 1048576);
  const enough = bavail * bsize >= WANTED_BYTES;
  return {
    subject: "disk",
    level: enough ? "ok" : "problem",
    message: `${mebibytes} MiB free here`,
    ...(enough ? {} : { hint: "512 MiB are wanted: flyteops up --state DIR on another disk" }),
  };
}

/** Whether containers can get paths of their own: without, only FLYTEOPS_* and {{.inputs.x}} are portable. */
async function checkNamespaces(): Promise<Finding> {
  const subject = "mount namespaces";
  if (platform() !== "linux") return { subject, level: "warning", message: "this is not Linux: containers see real paths instead of /code and /var/flyte" };
  const root = await programVersion("unshare", "--mount", "echo", "yes");
  const user = root === "yes" ? root : await programVersion("unshare", "--user", "--map-root-user", "--mount", "echo", "yes");
  if (user === "yes") return { subject, level: "ok", message: root === "yes" ? "as root" : "in a user namespace" };
  return {
    subject,
    level: "warning",
    message: "not allowed here: containers see real paths instead of /code and /var/flyte",
    hint: "use FLYTEOPS_INPUTS, FLYTEOPS_OUTPUTS and {{.inputs.x}} instead of literal paths",
  };
}

/** What answers `flyteops up --runtime`. None is needed: without one, programs of this machine run in place of images. */
async function checkRuntimes(): Promise<Finding> {
  const asked = { docker: "{{.ServerVersion}}", podman: "{{.Version.Version}}" };
  const answers = await Promise.all(
    Object.entries(asked).map(async ([name, format]) => [name, await programVersion(name, "info", "--format", format)] as const),
  );
  const found = answers.flatMap(([name, version]) => (version ? [`${name} ${version} (flyteops up --runtime ${name})`] : []));
  const message = found.length > 0 ? found.join(", ") : "neither docker nor podman answers; not needed: programs of this machine run in place of images";
  return { subject: "container runtimes", level: "ok", message };
}

/** What `flyteops up` needs of this machine. */
export async function checkMachine(deps: CliDeps): Promise<Finding[]> {
  return [await checkGit(), await checkKubectl(deps), await checkLoopback(), await checkDisk(deps.cwd), await checkNamespaces(), await checkRuntimes()];
}

const forbidden = (thrown: unknown): boolean => thrown instanceof ApiError && thrown.code === 403;

async function checkKinds(connection: Connection, version: string): Promise<Finding[]> {
  try {
    return await kindFindings(connection, version);
  } catch (thrown) {
    if (!forbidden(thrown)) throw thrown;
    return [{ subject: "kinds", level: "warning", message: "you may not look at CustomResourceDefinitions: ask an administrator to run this" }];
  }
}

async function kindFindings(connection: Connection, version: string): Promise<Finding[]> {
  if (await hasForeignKinds(connection.client)) return [{ subject: "kinds", level: "problem", ...FOREIGN_KINDS }];
  const missing: string[] = [];
  const odd: Finding[] = [];
  for (const kind of allKinds) {
    const name = `${kind.plural}.${kind.group}`;
    const found = await connection.client.get(Kinds.CustomResourceDefinition, { name }).catch((thrown: unknown) => {
      if (!isNotFound(thrown)) throw thrown;
      missing.push(name);
      return undefined;
    });
    const finding = found && kindFinding(name, found, version);
    if (finding) odd.push(finding);
  }
  if (missing.length === 0) return [{ subject: "kinds", level: "ok", message: `all ${allKinds.length} are installed` }, ...odd];
  return [{ subject: "kinds", level: "problem", message: `missing: ${missing.join(", ")}`, hint: "flyteops crds | kubectl apply --server-side -f -" }, ...odd];
}

async function checkInstallation(connection: Connection): Promise<Finding> {
  const found = await connection.client.get<KubeObject & { data?: Record<string, string> }>(Kinds.ConfigMap, INSTALLATION).catch(ignoreNotFound);
  const storage = found?.data?.["storage"];
  if (storage) return { subject: "object store", level: "ok", message: storage };
  return {
    subject: "object store",
    level: "problem",
    message: `ConfigMap ${INSTALLATION.namespace}/${INSTALLATION.name} does not name one: no controllers of flyteops run here`,
  };
}

/** What of flyteops the cluster has. */
export async function checkCluster(deps: CliDeps, connection: Connection): Promise<Finding[]> {
  const findings: Finding[] = [{ subject: "cluster", level: "ok", message: connection.source }];
  try {
    findings.push(...(await checkKinds(connection, deps.version)), await checkInstallation(connection), ...(await checkPrograms(deps, connection)));
  } catch (thrown) {
    findings[0] = { subject: "cluster", level: "problem", message: `${connection.source}: ${messageOf(thrown)}` };
  }
  return findings;
}
