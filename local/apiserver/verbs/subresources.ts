import type { Core } from "../core.ts";
import type { ServerResponse } from "../request.ts";
import { badRequest, failure, notFound } from "../status.ts";
import { flag, integerOf } from "../wire/options.ts";
import type { PodLogOptions } from "../pod-log-source.ts";
import type { Call } from "../wire/target.ts";
import { keyOfTarget } from "./update.ts";

interface PodFields {
  spec?: { containers?: { name: string }[]; initContainers?: { name: string }[] };
  metadata: { annotations?: Record<string, string> };
}

/** The container that a call names, or the only one. Throws 400. */
export function podContainer(call: Call, pod: PodFields): string {
  const asked = call.query.get("container") ?? "";
  const main = (pod.spec?.containers ?? []).map(({ name }) => name);
  const all = [...main, ...(pod.spec?.initContainers ?? []).map(({ name }) => name)];
  if (asked !== "") {
    if (all.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${call.target.name}`);
  }
  const [only] = main;
  if (main.length === 1 && only !== undefined) return only;
  const init = (pod.spec?.initContainers ?? []).map(({ name }) => name);
  const others = init.length > 0 ? ` or one of the init containers: [${init.join(" ")}]` : "";
  throw badRequest(`a container name must be specified for pod ${call.target.name}, choose one of: [${main.join(" ")}]${others}`);
}

function logOptions(call: Call, signal: AbortSignal): PodLogOptions {
  const { query } = call;
  const numbers = { tailLines: integerOf(query, "tailLines"), sinceSeconds: integerOf(query, "sinceSeconds"), limitBytes: integerOf(query, "limitBytes") };
  for (const [name, value] of Object.entries(numbers)) if (value !== undefined && value < 0) throw badRequest(`${name} must be greater than or equal to 0`);
  const given = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)) as Partial<PodLogOptions>;
  const sinceTime = query.get("sinceTime");
  return {
    follow: flag(query, "follow") === true,
    previous: flag(query, "previous") === true,
    timestamps: flag(query, "timestamps") === true,
    ...given,
    ...(sinceTime ? { sinceTime } : {}),
    signal,
  };
}

/** The stream once it has begun: what stands in its way is thrown while there is still a status to answer with. */
async function begun(stream: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const chunks = stream[Symbol.asyncIterator]();
  const first = await chunks.next();
  return (async function* () {
    try {
      for (let chunk = first; !chunk.done; chunk = await chunks.next()) yield chunk.value;
    } finally {
      await chunks.return?.();
    }
  })();
}

/** GET …/pods/NAME/log */
export async function podLog(core: Core, call: Call): Promise<ServerResponse> {
  const entry = core.store.get(keyOfTarget(call.target));
  if (!entry) throw notFound(call.target.kind, call.target.name);
  if (!core.podLogs) throw failure(501, "NotImplemented", "no node of this server keeps the logs of pods", {});
  const container = podContainer(call, entry.object);
  const signal = AbortSignal.any([core.closing, ...(call.signal ? [call.signal] : [])]);
  const body = core.podLogs.read(call.target.namespace, call.target.name, container, logOptions(call, signal));
  return { status: 200, headers: { "content-type": "text/plain" }, body: await begun(body) };
}
