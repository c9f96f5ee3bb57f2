import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import type { Run, TaskAction } from "../../../../crds/index.ts";
import type { KubeObject, Stored } from "../../../../kube/index.ts";
import { SYSTEM } from "./installation.ts";
import { ENDED } from "./seen.ts";

interface Event {
  readonly verb: string;
  readonly user: { readonly username: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestURI: string;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** A write that the API server accepted. */
export interface Write {
  readonly pod: string;
  readonly account: string;
  /** `verb group/resource/subresource namespace/name`, for messages. */
  readonly what: string;
  readonly resource: string;
  readonly name: string;
  readonly verb: string;
  readonly object: unknown;
  /**
   * It had passed the fence, which tells the server a time limit, and could land only on what nobody had touched since: it names the version
   * that it changes, or makes what must not exist.
   */
  readonly conditional: boolean;
  /** By the API server's clock, RFC 3339 with microseconds: they compare as texts. */
  readonly received: string;
  readonly answered: string;
}

const ACCOUNT = new RegExp(`^system:serviceaccount:${SYSTEM}:(.+)$`);

const namesVersion = (body: unknown): boolean => ((body as KubeObject | undefined)?.metadata?.resourceVersion ?? "") !== "";

function writeOf({ verb, user, objectRef, requestURI, requestObject, responseObject, requestReceivedTimestamp, stageTimestamp }: Event): Write {
  const { apiGroup = "", resource = "", subresource = "", namespace = "", name = "" } = objectRef ?? {};
  const object = responseObject as KubeObject | undefined;
  const named = name || (object?.metadata?.name ?? "");
  return {
    pod: user.extra?.["authentication.kubernetes.io/pod-name"]?.[0] ?? "",
    account: ACCOUNT.exec(user.username)?.[1] ?? user.username,
    what: `${verb} ${[apiGroup, resource, subresource].filter(Boolean).join("/")} ${namespace}/${named}`,
    ...{ resource, name: named, verb, object },
    conditional: /[?&]timeout=\d+ms/.test(requestURI) && (verb === "create" || namesVersion(requestObject)),
    received: requestReceivedTimestamp,
    answered: stageTimestamp,
  };
}

/** Every accepted write that the API server has recorded, in the order in which they were answered. */
export function writes(): Write[] {
  const log = process.env["FLYTEOPS_CLUSTER_AUDIT"] ?? "";
  assert.ok(existsSync(log), "this tier writes no audit log");
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event)
    .filter(({ responseStatus }) => (responseStatus?.code ?? 500) < 300)
    .map(writeOf);
}

interface Held {
  readonly since: string;
  readonly pod: string;
}

type Lease = KubeObject & { readonly spec?: { readonly holderIdentity?: string } };

/** Who held a Lease from when on, as the writes of the Lease itself say. An empty pod: nobody. */
function holders(all: readonly Write[], lease: string): Held[] {
  const held: Held[] = [];
  for (const { object, resource, name, answered } of all) {
    if (resource !== "leases" || name !== lease) continue;
    const pod = ((object as Lease | undefined)?.spec?.holderIdentity ?? "").replace(/_[^_]*$/, "");
    if (held.at(-1)?.pod !== pod) held.push({ since: answered, pod });
  }
  return held;
}

const LEASES: Readonly<Record<string, string>> = { "flyteops-controller": "flyteops-controller-0", "flyteops-sync": "flyteops-sync-0" };

/** A replica that is frozen between the fence and the wire has no more than this in hand, and sends it at once when it wakes. */
const IN_HAND = { requests: 3, withinMs: 500 };

/**
 * Leaves out what a replica had in hand when it was frozen. No clock of its own can keep that from landing; what can is that it lands only where
 * nobody else has written since. A replica that went on working would write more, and for longer.
 */
function beyondInHand(strays: readonly Write[]): Write[] {
  const first = new Map<string, number>();
  const seen = new Map<string, number>();
  return strays.filter(({ pod, received, conditional }) => {
    const at = Date.parse(received);
    if (!first.has(pod)) first.set(pod, at);
    seen.set(pod, (seen.get(pod) ?? 0) + 1);
    return !conditional || (seen.get(pod) ?? 0) > IN_HAND.requests || at - (first.get(pod) ?? at) > IN_HAND.withinMs;
  });
}

/**
 * Writes of the installation's programs that landed while somebody else, or nobody, had their Lease, beyond what a frozen replica had in hand.
 * The fence of a replica promises that there is none, whatever stops, kills or cuts off the replica.
 */
export function strayWrites(): string[] {
  const all = writes();
  return Object.entries(LEASES).flatMap(([account, lease]) => {
    const held = holders(all, lease);
    const ofAccount = all.filter((write) => write.account === account && write.resource !== "leases" && write.pod !== "");
    assert.ok(ofAccount.length > 0, `the audit log has no write of ${account}: it proves nothing`);
    const holderAt = (moment: string): string => held.findLast(({ since }) => since <= moment)?.pod ?? "";
    const strays = ofAccount.filter(({ pod, answered }) => holderAt(answered) !== pod);
    return beyondInHand(strays).map(({ pod, what, answered }) => `${answered} ${pod}: ${what}, while ${holderAt(answered) || "nobody"} had ${lease}`);
  });
}

/** How many replicas have held the Lease of an account since the beginning, one after the other. */
export const tenures = (account: string): string[] => holders(writes(), LEASES[account] ?? "").flatMap(({ pod }) => (pod === "" ? [] : [pod]));

export interface Happened {
  /** Names of all pods that were created for it. A name ends with the number of the attempt. */
  readonly pods: readonly string[];
  /** How often each TaskAction, and the Run itself, came to an end. */
  readonly ends: Readonly<Record<string, number>>;
}

const versionOf = (object: unknown): number => Number((object as Stored).metadata.resourceVersion);

/** Changes into a phase that is an end: one is right, two would be an outcome that was committed twice. */
function endsOf(writesOfOne: readonly Write[]): number {
  const phases = writesOfOne.filter(({ object }) => object !== undefined).sort((a, b) => versionOf(a.object) - versionOf(b.object));
  let [ends, last] = [0, ""];
  for (const { object } of phases) {
    const phase = (object as Stored<Run> | Stored<TaskAction>).status?.phase ?? "";
    if (phase !== last && FINAL.includes(phase)) ends += 1;
    last = phase;
  }
  return ends;
}

const FINAL = [...ENDED, "Skipped"];

/** What the API server has seen of a Run: every pod that was created for it, every end that was committed. */
export function happenedTo(run: string, all = writes()): Happened {
  const actions = new Set(all.filter(({ resource, name }) => resource === "taskactions" && name.startsWith(`${run}-`)).map(({ name }) => name));
  const pods = all.filter(({ resource, verb, name }) => resource === "pods" && verb === "create" && name.startsWith(`${run}-`)).map(({ name }) => name);
  const ends = (resource: string, wanted: string) => endsOf(all.filter((write) => write.resource === resource && write.name === wanted));
  return { pods, ends: Object.fromEntries([[run, ends("runs", run)], ...[...actions].map((action) => [action, ends("taskactions", action)] as const)]) };
}

/**
 * Of a Run that succeeded at the first attempt of everything: every action, or item of a map, had one pod, and every action and the Run came to an end once.
 * @param all so that many Runs read the log once
 */
export function assertHappenedOnce(run: string, all = writes()): void {
  const { pods, ends } = happenedTo(run, all);
  const actions = Object.keys(ends).filter((name) => name !== run);
  assert.ok(actions.length > 0, `the audit log knows no action of ${run}`);
  assert.deepEqual(
    actions.filter((action) => !pods.some((pod) => pod.startsWith(`${action}-`))),
    [],
    `actions of ${run} without a pod`,
  );
  assert.equal(new Set(pods).size, pods.length, `a pod of ${run} was created twice: ${pods.join(" ")}`);
  assert.deepEqual(
    pods.filter((pod) => !pod.endsWith("-0")),
    [],
    `second attempts in ${run}`,
  );
  assert.deepEqual(Object.fromEntries(Object.entries(ends).filter(([, times]) => times !== 1)), {}, `what did not end exactly once in ${run}`);
}
