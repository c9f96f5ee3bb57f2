import type { Run } from "../../../../crds/index.ts";
import { RunKind } from "../../../../crds/index.ts";
import { ApiError, type KindRef, type KubeObject, type ObjectClient, type ObjectRef, type Stored } from "../../../../kube/index.ts";

const LOOK_MS = 200;
/** Several times what anything here takes on a machine that has nothing else to do. */
export const PATIENCE_MS = 170_000;
export const ENDED = ["Succeeded", "Failed", "Aborted", "TimedOut"];

/** A server that is busy or not yet ready; anything else is an answer. */
const isPassing = (thrown: unknown): boolean => thrown instanceof ApiError && (thrown.code === 429 || thrown.code >= 500);

/** Asks until the answer satisfies; the error shows the last one. A real cluster answers in its own time. */
export async function eventually<T>(what: string, ask: () => Promise<T>, satisfied: (answer: T) => boolean, withinMs = PATIENCE_MS): Promise<T> {
  const until = performance.now() + withinMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (satisfied(answer)) return answer;
      last = answer;
    } catch (thrown) {
      if (!isPassing(thrown)) throw thrown;
      last = String(thrown);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  } while (performance.now() < until);
  throw new Error(`not within ${withinMs / 1_000} s: ${what}; the last answer was ${JSON.stringify(last, undefined, 1)?.slice(0, 6_000)}`);
}

/** The object, or undefined while there is none. */
export async function find<T extends KubeObject>(client: ObjectClient, kind: KindRef, ref: ObjectRef): Promise<Stored<T> | undefined> {
  const { items } = await client.list<T>(kind, {
    ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
    fieldSelector: `metadata.name=${ref.name}`,
  });
  const [found] = items;
  return found && ({ ...found, metadata: { ...found.metadata, managedFields: [] } } as Stored<T>);
}

export function sees<T extends KubeObject>(client: ObjectClient, kind: KindRef, ref: ObjectRef, satisfied: (object: Stored<T>) => boolean): Promise<Stored<T>> {
  return eventually(
    `${kind.kind} ${ref.namespace}/${ref.name}`,
    () => find<T>(client, kind, ref),
    (object) => object !== undefined && satisfied(object),
  ) as Promise<Stored<T>>;
}

export const hasEnded = (run: Stored<Run>): boolean => ENDED.includes(run.status?.phase ?? "");

/** The Run once it runs; an error when it ends before. */
export async function running(client: ObjectClient, ref: ObjectRef): Promise<Stored<Run>> {
  const run = await sees<Run>(client, RunKind, ref, (one) => one.status?.phase === "Running" || hasEnded(one));
  if (hasEnded(run)) throw new Error(`${ref.name} has ended before it was seen to run: ${JSON.stringify(run.status, undefined, 1)}`);
  return run;
}

/** The Run once it has ended, however. */
export const ending = (client: ObjectClient, ref: ObjectRef): Promise<Stored<Run>> => sees<Run>(client, RunKind, ref, hasEnded);
