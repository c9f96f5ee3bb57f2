import type { Container, Secret } from "../crds/index.ts";
import type { TypedInterface } from "../proto/index.ts";
import { DEFAULT_INPUT_PATH, DEFAULT_OUTPUT_PATH, type TaskRecipe } from "./task-recipe.ts";

/** The parts of a Task's spec that a recipe holds; node and run overrides are already merged into it. */
export interface TaskSource {
  readonly type: string;
  readonly container: Container;
  readonly data?: Partial<TaskRecipe["data"]> | undefined;
  readonly secrets?: readonly Secret[] | undefined;
}

function texts(quantities: Readonly<Record<string, string | number>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities ?? {}).map(([name, value]) => [name, String(value)]));
}

/** What the run controller encodes into a TaskAction for one node of a plan. */
export function recipeOfTask(
  task: TaskSource,
  about: { readonly id: TaskRecipe["id"]; readonly workflow: string; readonly runStartTime?: string; readonly interface: TypedInterface },
): TaskRecipe {
  const { container, data } = task;
  return {
    ...about,
    type: task.type,
    container: {
      image: container.image,
      command: container.command ?? [],
      args: container.args ?? [],
      env: (container.env ?? []).map(({ name, value }) => ({ name, value: value ?? "" })),
      workingDir: container.workingDir,
      requests: texts(container.resources?.requests),
      limits: texts(container.resources?.limits),
    },
    data: {
      inputPath: data?.inputPath ?? DEFAULT_INPUT_PATH,
      outputPath: data?.outputPath ?? DEFAULT_OUTPUT_PATH,
      format: data?.format ?? "JSON",
      layout: data?.layout ?? "Direct",
    },
    secrets: (task.secrets ?? []).map(({ name, key, mount, as }) => ({ name, key, mount, as })),
  };
}
