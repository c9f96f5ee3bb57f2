import { ANNOTATION, LABEL, shortHash } from "../../base/index.ts";
import { type Run, RunKind, type Trigger } from "../../crds/index.ts";
import { isAlreadyExists, type ObjectClient, type Stored } from "../../kube/index.ts";
import type { Observed } from "./observe.ts";

const FIELD_MANAGER = "flyteops-trigger";

/** First 17 characters of the trigger, a hyphen, 12 of the hash over its uid and what it fires for: the same cause never makes two Runs. */
export function triggeredRunName(trigger: { readonly name: string; readonly uid: string }, cause: string): string {
  return `${trigger.name.slice(0, 17).replace(/[-.]+$/, "")}-${shortHash(`${trigger.uid}/${cause}`)}`;
}

function runOf(trigger: Stored<Trigger>, name: string, observed: Observed): Run {
  const { name: of, namespace, uid } = trigger.metadata;
  const { fixedInputs, ...template } = trigger.spec.run;
  return {
    apiVersion: trigger.apiVersion,
    kind: "Run",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { [LABEL.trigger]: of },
      annotations: {
        [ANNOTATION.expects]: observed.planDigest,
        ...(observed.revision ? { [ANNOTATION.revision]: observed.revision } : {}),
        "flyte.org/trigger-uid": uid,
      },
    },
    spec: { ...template, inputs: { ...trigger.spec.defaultInputs, ...fixedInputs }, desiredState: "Running" },
  };
}

/** Makes the Run that the status says was decided on, and notes its uid there. Called again after a crash it finds it made. */
export async function ensureRun(client: ObjectClient, trigger: Stored<Trigger>, name: string, observed: Observed): Promise<void> {
  const made = await client.create<Run>(RunKind, runOf(trigger, name, observed), { fieldManager: FIELD_MANAGER }).catch((thrown: unknown) => {
    if (!isAlreadyExists(thrown)) throw thrown;
    return client.get<Run>(RunKind, { namespace: trigger.metadata.namespace, name });
  });
  trigger.status = { ...trigger.status, lastRun: { ...trigger.status?.lastRun, name, uid: made.metadata.uid } };
}

/** Asks Runs to end because a newer one takes their place. */
export async function abortReplaced(client: ObjectClient, unfinished: readonly Stored<Run>[]): Promise<void> {
  for (const { metadata } of unfinished) {
    const body = { metadata: { uid: metadata.uid }, spec: { desiredState: "Aborted", abortReason: "replaced by a newer commit" } };
    await client.patch(RunKind, metadata, { type: "merge", body }, { fieldManager: FIELD_MANAGER });
  }
}
