import { messageOf, TerminalFailure } from "../base/index.ts";
import {
  create,
  type DataLoadingConfig,
  DataLoadingConfig_LiteralMapFormat,
  fromBinary,
  ResourceType,
  Resources_ResourceName,
  Secret_MountType,
  type TaskTemplate,
  TaskTemplateSchema,
  toBinary,
  type TypedInterface,
  TypedInterfaceSchema,
} from "../proto/index.ts";

export interface SecretRecipe {
  readonly name: string;
  /** All keys when absent. */
  readonly key?: string | undefined;
  readonly mount?: "env" | "file" | undefined;
  /** Variable of an env mount. */
  readonly as?: string | undefined;
}

export interface ContainerRecipe {
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly workingDir?: string | undefined;
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

/** A Task as an action carries it: what the run controller writes into `spec.taskTemplate` and plugins build from. */
export interface TaskRecipe {
  readonly id: { readonly project: string; readonly domain: string; readonly name: string; readonly version: string };
  /** Workflow that the run executes, "" when it runs a Task. */
  readonly workflow: string;
  /** When the run started, RFC 3339: the template variable runStartTime. */
  readonly runStartTime?: string | undefined;
  readonly type: string;
  readonly interface: TypedInterface;
  readonly container: ContainerRecipe;
  readonly data: { readonly inputPath: string; readonly outputPath: string; readonly format: "JSON" | "YAML"; readonly layout: "Direct" | "NamedDir" };
  readonly secrets: readonly SecretRecipe[];
}

export const DEFAULT_INPUT_PATH = "/var/flyte/inputs";
export const DEFAULT_OUTPUT_PATH = "/var/flyte/outputs";

/** Key of TaskTemplate.config that holds, as JSON, what flyteidl2 has no field for. */
const EXTRAS = "flyteops";

interface Extras {
  readonly workflow?: string;
  readonly runStartTime?: string | undefined;
  readonly workingDir?: string | undefined;
  readonly layout?: TaskRecipe["data"]["layout"];
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
  readonly secrets?: readonly SecretRecipe[];
}

const PROTO_RESOURCES: Readonly<Record<string, Resources_ResourceName>> = {
  cpu: Resources_ResourceName.CPU,
  memory: Resources_ResourceName.MEMORY,
  "nvidia.com/gpu": Resources_ResourceName.GPU,
  "ephemeral-storage": Resources_ResourceName.EPHEMERAL_STORAGE,
};
const RESOURCE_NAMES = new Map(Object.entries(PROTO_RESOURCES).map(([name, number]) => [number, name]));

function protoEntries(quantities: Readonly<Record<string, string>>) {
  return Object.entries(quantities).flatMap(([name, value]) => {
    const known = Object.hasOwn(PROTO_RESOURCES, name) ? PROTO_RESOURCES[name] : undefined;
    return known === undefined ? [] : [{ name: known, value }];
  });
}

function quantitiesOf(entries: readonly { readonly name: Resources_ResourceName; readonly value: string }[] | undefined): Record<string, string> {
  return Object.fromEntries((entries ?? []).flatMap(({ name, value }) => (RESOURCE_NAMES.has(name) ? [[RESOURCE_NAMES.get(name) ?? "", value]] : [])));
}

/** The recipe as base64 of a serialised core.TaskTemplate. Equal recipes give equal text. */
export function encodeTaskTemplate(recipe: TaskRecipe): string {
  const { container, data, secrets } = recipe;
  const extras: Extras = {
    workflow: recipe.workflow,
    runStartTime: recipe.runStartTime,
    workingDir: container.workingDir,
    layout: data.layout,
    requests: container.requests,
    limits: container.limits,
    secrets,
  };
  const template = create(TaskTemplateSchema, {
    id: { resourceType: ResourceType.TASK, ...recipe.id },
    type: recipe.type,
    interface: recipe.interface,
    target: {
      case: "container",
      value: {
        image: container.image,
        command: [...container.command],
        args: [...container.args],
        env: container.env.map(({ name, value }) => ({ key: name, value })),
        resources: { requests: protoEntries(container.requests), limits: protoEntries(container.limits) },
        dataConfig: {
          enabled: true,
          inputPath: data.inputPath,
          outputPath: data.outputPath,
          format: data.format === "YAML" ? DataLoadingConfig_LiteralMapFormat.YAML : DataLoadingConfig_LiteralMapFormat.JSON,
        },
      },
    },
    securityContext: {
      secrets: secrets.map(({ name, key, mount, as }) => ({
        group: name,
        key: key ?? "",
        mountRequirement: mount === "env" ? Secret_MountType.ENV_VAR : Secret_MountType.FILE,
        envVar: as ?? "",
      })),
    },
    config: { [EXTRAS]: JSON.stringify(extras) },
  });
  return Buffer.from(toBinary(TaskTemplateSchema, template)).toString("base64");
}

function extrasOf(template: TaskTemplate): Extras {
  const text = template.config[EXTRAS];
  if (text !== undefined) return JSON.parse(text) as Extras;
  const secrets = (template.securityContext?.secrets ?? []).map(({ group, key, mountRequirement, envVar }) => ({
    name: group,
    ...(key === "" ? {} : { key }),
    mount: mountRequirement === Secret_MountType.ENV_VAR ? ("env" as const) : ("file" as const),
    ...(envVar === "" ? {} : { as: envVar }),
  }));
  return { secrets };
}

function idOf({ id }: TaskTemplate): TaskRecipe["id"] {
  return { project: id?.project ?? "", domain: id?.domain ?? "", name: id?.name ?? "", version: id?.version ?? "" };
}

function dataOf(config: DataLoadingConfig | undefined, layout: TaskRecipe["data"]["layout"] | undefined): TaskRecipe["data"] {
  return {
    inputPath: config?.inputPath || DEFAULT_INPUT_PATH,
    outputPath: config?.outputPath || DEFAULT_OUTPUT_PATH,
    format: config?.format === DataLoadingConfig_LiteralMapFormat.YAML ? "YAML" : "JSON",
    layout: layout ?? "Direct",
  };
}

function recipeOf(template: TaskTemplate): TaskRecipe {
  if (template.target.case !== "container") throw new Error(`the template has no container but ${template.target.case ?? "nothing"} to run`);
  const container = template.target.value;
  const extras = extrasOf(template);
  return {
    id: idOf(template),
    workflow: extras.workflow ?? "",
    runStartTime: extras.runStartTime,
    type: template.type,
    interface: template.interface ?? create(TypedInterfaceSchema),
    container: {
      image: container.image,
      command: container.command,
      args: container.args,
      env: container.env.map(({ key, value }) => ({ name: key, value })),
      workingDir: extras.workingDir,
      requests: extras.requests ?? quantitiesOf(container.resources?.requests),
      limits: extras.limits ?? quantitiesOf(container.resources?.limits),
    },
    data: dataOf(container.dataConfig, extras.layout),
    secrets: extras.secrets ?? [],
  };
}

/** The recipe in a TaskAction. TerminalFailure InvalidSpec when the bytes are no TaskTemplate with a container. */
export function decodeTaskTemplate(base64: string): TaskRecipe {
  try {
    return recipeOf(fromBinary(TaskTemplateSchema, Buffer.from(base64, "base64")));
  } catch (thrown) {
    throw new TerminalFailure("InvalidSpec", `spec.taskTemplate is not a usable core.TaskTemplate: ${messageOf(thrown)}`, { cause: thrown });
  }
}
