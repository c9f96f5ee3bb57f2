import { shellWord } from "../base/index.ts";
import { isNotFound, type KindRef, type KubeObject, type Stored } from "../kube/index.ts";
import { type Connection, EXIT, UserError } from "./context.ts";

/**
 * The object of that name: in the namespace given with `-n`; else in the context's namespace; else, when exactly one
 * namespace has it, there. UserError with exit code 3 when there is none, 2 when several namespaces have one.
 */
export async function findObject<T extends KubeObject>(connection: Connection, kind: KindRef, name: string): Promise<Stored<T>> {
  try {
    return await connection.client.get<T>(kind, { namespace: connection.namespace, name });
  } catch (thrown) {
    if (!isNotFound(thrown) || connection.namespaceGiven) throw missing(thrown, connection, kind, name);
  }
  const { items } = await connection.client.list<T>(kind, { fieldSelector: `metadata.name=${name}` });
  if (items.length > 1) {
    const namespaces = items.map((item) => item.metadata.namespace).sort();
    throw new UserError(`${kind.kind} ${name} exists in ${namespaces.join(" and ")}`, { exitCode: EXIT.usage, hint: `say which: -n ${namespaces[0]}` });
  }
  const [found] = items;
  if (!found) throw missing(undefined, connection, kind, name);
  return found;
}

/**
 * For commands that change something: what was found in another namespace than the one that somebody wrote into the kubeconfig's context is perhaps not
 * what was meant. UserError with exit code 2.
 */
export function refuseElsewhere({ namespace: here, namespaceGiven }: Connection, what: string, namespace: string | undefined): void {
  if (namespaceGiven || here === "default" || namespace === undefined || namespace === here) return;
  throw new UserError(`${what} is in ${namespace}, and the namespace of the kubeconfig's context is ${here}`, {
    exitCode: EXIT.usage,
    hint: `if that is the one: -n ${namespace}`,
  });
}

function missing(thrown: unknown, connection: Connection, kind: KindRef, name: string): unknown {
  if (thrown !== undefined && !isNotFound(thrown)) return thrown;
  const place = connection.namespaceGiven ? `in namespace ${connection.namespace}` : "in any namespace";
  const gone = kind.kind === "Run" ? `   (one that is gone: flyteops history ${shellWord(name)})` : "";
  return new UserError(`no ${kind.kind} named ${name} ${place}`, { exitCode: EXIT.notFound, hint: `flyteops get ${kind.plural} -A${gone}` });
}

/** `RUN/PATH` as typed: the run, and the path of a node in it (`publish.ok`, `train[3]`), when one is named. */
export interface RunTarget {
  readonly run: string;
  readonly node?: string;
  readonly item?: number;
}

export function parseRunTarget(text: string): RunTarget {
  const slash = text.indexOf("/");
  if (slash < 0) return { run: text };
  const path = text.slice(slash + 1);
  const item = /^(.*)\[(\d+)\]$/.exec(path);
  if (item?.[1]) return { run: text.slice(0, slash), node: item[1], item: Number(item[2]) };
  return { run: text.slice(0, slash), node: path };
}
