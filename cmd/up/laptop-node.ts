import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Logger } from "../../base/index.ts";
import { type CliDeps, EXIT, UserError } from "../../cli/index.ts";
import { type TaskAction, TaskActionKind } from "../../crds/index.ts";
import type { InformerSet } from "../../kube/index.ts";
import { type ContainerEngine, findContainerEngine, type ImageNotUsed, type Kubelet, kubelet, sandboxCapability } from "../../local/kubelet/index.ts";
import { defaultPluginConfig } from "../../plugins/index.ts";
import { ownImageDirectory } from "./own-image.ts";
import type { UpOptions } from "./up-options.ts";
import type { View } from "./view.ts";
import { visibleState } from "./visible-state.ts";

export interface LaptopNodeDeps {
  readonly cli: CliDeps;
  readonly options: Pick<UpOptions, "image">;
  readonly stateDirectory: string;
  readonly informers: InformerSet;
  readonly logger: Logger;
  readonly view: View;
  /** Absent: containers are processes of this machine. */
  readonly engine: ContainerEngine | undefined;
}

const ENGINES = ["docker", "podman"] as const;

/** What `--runtime` names. UserError when there is no such runtime, or it does not answer. */
export async function chosenEngine(cli: CliDeps, runtime: string): Promise<ContainerEngine | undefined> {
  if (runtime === "process") return undefined;
  const name = ENGINES.find((one) => one === runtime);
  if (!name) throw new UserError(`--runtime ${runtime}: docker, podman or process`, { exitCode: EXIT.usage });
  const found = await findContainerEngine(name, cli.env);
  if ("engine" in found) return found.engine;
  const [other] = ENGINES.filter((one) => one !== name);
  const instead = other && "engine" in (await findContainerEngine(other, cli.env)) ? `flyteops up --runtime ${other}, which answers here, or ` : "";
  throw new UserError(`--runtime ${name}: ${found.problem}`, {
    exitCode: EXIT.usage,
    hint: `start it, or use ${instead}flyteops up without --runtime: programs of this machine then run in place of images`,
  });
}

/** `IMAGE=DIR` of the command line. The last `=` divides: an image name may hold none, a path may. */
function imageDirectories(cli: CliDeps, given: readonly string[]): Map<string, { path: string; own?: boolean }> {
  return new Map(
    given.map((text) => {
      const at = text.indexOf("=");
      const path = resolve(cli.cwd, text.slice(at + 1));
      if (at <= 0 || !existsSync(path)) throw new UserError(`--image ${text}: write IMAGE=DIR with a directory that exists`, { exitCode: EXIT.usage });
      return [text.slice(0, at), { path }];
    }),
  );
}

/** Says once per image what runs instead of it, and which task asked for it first. */
function imageNotes(view: View, informers: InformerSet): (note: ImageNotUsed) => void {
  const told = new Set<string>();
  const actions = informers.of<TaskAction>({ kind: TaskActionKind });
  return (note) => {
    if (told.has(note.message)) return;
    told.add(note.message);
    const { namespace, ownerReferences } = note.pod.metadata;
    const task = actions.get(`${namespace}/${ownerReferences?.[0]?.name}`)?.spec.task;
    view.say(`  ${note.message}${task === undefined ? "" : ` (task ${task})`}`);
  };
}

/** What a person can do about a program that is not on this machine. An engine is named only when it answers. */
function waysOut(cli: CliDeps): (image: string) => Promise<string> {
  let asked: Promise<readonly string[]> | undefined;
  const usable = async () => {
    const found = await Promise.all(ENGINES.map((name) => findContainerEngine(name, cli.env)));
    return ENGINES.filter((_, index) => "engine" in (found[index] ?? {}));
  };
  return async (image) => {
    asked ??= usable();
    const engines = (await asked).map((name) => `flyteops up --runtime ${name}`);
    return ["install it", `flyteops up --image ${image}=DIR with a directory that holds it`, ...engines].join(", or ");
  };
}

/** The kubelet of this machine. Our own image is this program itself, whatever runs the others: its containers work on the pod's volumes alone. */
export async function laptopNode({ cli, options, stateDirectory, informers, logger, view, engine }: LaptopNodeDeps): Promise<Kubelet> {
  const images = imageDirectories(cli, options.image ?? []);
  images.set(defaultPluginConfig.copilotImage, { path: ownImageDirectory(stateDirectory), own: true });
  const sees = visibleState(stateDirectory, defaultPluginConfig.copilotImage);
  const hostPath = cli.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin";
  const capability = await sandboxCapability(hostPath);
  logger.info("sandbox", { capability, runtime: engine?.name ?? "process", engine: engine?.version });
  if (engine) view.say(`  containers run in ${engine.name} ${engine.version}, from their images`);
  else if (capability.kind === "plain") {
    view.say(`  containers get no paths of their own here (${capability.reason}):`);
    view.say("  only FLYTEOPS_INPUTS, FLYTEOPS_OUTPUTS and {{.inputs.x}} name their files, not literal paths; see docs/guides/troubleshooting.md");
  }
  return kubelet(
    { informers, clock: cli.clock, logger, capability },
    {
      stateDir: join(stateDirectory, "kubelet"),
      hostPath,
      images,
      engine,
      waysOut: waysOut(cli),
      hidden: { directory: stateDirectory, sees },
      onImageNotUsed: imageNotes(view, informers),
    },
  );
}
