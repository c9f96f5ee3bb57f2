import { at, listAt, textAt } from "./api.ts";
import { type Cluster, eventually, ok } from "./cluster.ts";

/** Holds a shell, cat, sleep and node. A machine that uses no images runs its own. */
const IMAGE = process.env["FLYTEOPS_TEST_IMAGE"] ?? "node:22";

/** A container that runs a line of shell. */
export const shell = (script: string, more: object = {}): object => ({ name: "main", image: IMAGE, command: ["/bin/sh", "-c", script], ...more });

/** A container that runs a script of node. */
export const script = (code: string, more: object = {}): object => ({ name: "main", image: IMAGE, command: ["node", "-e", code], ...more });

/** Runs on after SIGTERM only as long as it says. */
export const PATIENT = "trap 'exit 0' TERM; while :; do sleep 0.05; done";

/** A port that hardly anybody else uses. */
export const somePort = (): number => 20_000 + Math.floor(Math.random() * 10_000);

export interface Pods {
  create(name: string, spec: object): Promise<void>;
  get(name: string): Promise<unknown>;
  /** The pod once it is as wanted. */
  when(name: string, what: string, is: (pod: unknown) => boolean, withinMs?: number): Promise<unknown>;
  finished(name: string): Promise<unknown>;
  ready(name: string): Promise<unknown>;
  gone(name: string): Promise<void>;
  log(name: string, query?: string): Promise<string>;
  /** Reasons of the Events about a pod. */
  reasons(name: string): Promise<readonly string[]>;
}

export const phaseOf = (pod: unknown): string => textAt(pod, "status.phase");
export const containerOf = (pod: unknown, name = "main"): unknown =>
  [...listAt(pod, "status.containerStatuses"), ...listAt(pod, "status.initContainerStatuses")].find((status) => textAt(status, "name") === name);
export const conditionIn = (pod: unknown, type: string): unknown => listAt(pod, "status.conditions").find((condition) => textAt(condition, "type") === type);

export function podsIn(cluster: Cluster): Pods {
  const get = async (name: string) => ok(await cluster.api.get(`${cluster.pods}/${name}`));
  const when: Pods["when"] = async (name, what, is, withinMs) => {
    let pod: unknown;
    await eventually(`pod ${name} ${what}`, async () => is((pod = await get(name))), withinMs).catch((thrown: unknown) => {
      throw new Error(`${String(thrown)}; it is ${JSON.stringify(at(pod, "status"))}`);
    });
    return pod;
  };
  return {
    get,
    when,
    async create(name, spec) {
      const body = { metadata: { name }, spec: { terminationGracePeriodSeconds: 2, restartPolicy: "Never", ...spec } };
      ok(await cluster.api.create(cluster.pods, body));
    },
    finished: (name) => when(name, "has ended", (pod) => ["Succeeded", "Failed"].includes(phaseOf(pod))),
    ready: (name) => when(name, "is ready", (pod) => textAt(conditionIn(pod, "Ready"), "status") === "True"),
    gone: (name) => eventually(`pod ${name} is gone`, async () => (await cluster.api.get(`${cluster.pods}/${name}`)).status === 404),
    async log(name, query = "") {
      const body = ok(await cluster.api.get(`${cluster.pods}/${name}/log?${query}`));
      return typeof body === "string" ? body : JSON.stringify(body);
    },
    async reasons(name) {
      const events = ok(await cluster.api.get(`/api/v1/namespaces/${cluster.namespace}/events?fieldSelector=involvedObject.name%3D${name}`));
      return listAt(events, "items").map((event) => textAt(event, "reason"));
    },
  };
}
