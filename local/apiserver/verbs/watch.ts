import { stringifyJson } from "../../../base/index.ts";
import type { Cause } from "../../../schema/structural/index.ts";
import type { Core } from "../core.ts";
import { fromStored } from "../kinds/served-kind.ts";
import { expired, invalid, statusOf } from "../status.ts";
import type { Entry, StoredEvent } from "../storage/entry.ts";
import { entryBytes, type View } from "../wire/encode.ts";
import { flag, integerOf, resourceVersionOf } from "../wire/options.ts";
import { type Matches, selection } from "../wire/selectors.ts";
import type { Call } from "../wire/target.ts";
import { frameQueue } from "./frame-queue.ts";

const BOOKMARK_EVERY_MS = 60_000;
/** A watch that names no timeout ends after this and up to as long again, so that watchers do not all come back at once. */
const SHORTEST_WATCH_MS = 30 * 60_000;

type EventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

function frame(type: EventType, object: Uint8Array | string): Buffer {
  const body = typeof object === "string" ? Buffer.from(object) : object;
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), body, Buffer.from("}\n")]);
}

/** Frames of unchanged objects are made once and shared by every watcher of a collection. */
function eventFrame(core: Core, view: View, type: EventType, entry: Entry): Buffer {
  const bytes = entryBytes(view, entry);
  if (bytes !== entry.bytes) return frame(type, bytes);
  const shared = core.frames.get(entry);
  if (shared?.type === type) return shared.frame;
  const made = frame(type, bytes);
  core.frames.set(entry, { type, frame: made });
  return made;
}

function bookmark(view: View, resourceVersion: number, annotations?: Readonly<Record<string, string>>): Buffer {
  const metadata = { resourceVersion: String(resourceVersion), ...(annotations ? { annotations } : {}) };
  if (view.format.as === "table")
    return frame(
      "BOOKMARK",
      stringifyJson({
        kind: "Table",
        apiVersion: `meta.k8s.io/${view.format.version}`,
        metadata,
        columnDefinitions: [],
        rows: [{ cells: [], object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata } }],
      }),
    );
  if (view.format.as === "partial")
    return frame("BOOKMARK", stringifyJson({ kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${view.format.version}`, metadata }));
  return frame("BOOKMARK", stringifyJson({ kind: view.kind.kind, apiVersion: view.kind.apiVersion, metadata }));
}

/** Which objects a watcher is told about. */
interface Interest {
  readonly namespace: string;
  readonly matches: Matches | undefined;
}

function concerns(view: View, interest: Interest, entry: Entry | undefined): boolean {
  if (!entry || (interest.namespace !== "" && entry.namespace !== interest.namespace)) return false;
  return interest.matches === undefined || interest.matches(fromStored(view.kind, entry.object));
}

/** What a watcher sees of an event: an object that stops matching is DELETED, one that begins to is ADDED. */
function seenAs(view: View, interest: Interest, event: StoredEvent): EventType | undefined {
  const before = concerns(view, interest, event.previous);
  if (event.type === "DELETED") return before ? "DELETED" : undefined;
  const after = concerns(view, interest, event.entry);
  if (before) return after ? "MODIFIED" : "DELETED";
  return after ? "ADDED" : undefined;
}

interface Start {
  /** Sent as ADDED before anything else. */
  readonly initial: readonly Entry[];
  readonly missed: readonly StoredEvent[];
  readonly resourceVersion: number;
  /** A bookmark says when the initial objects are over. */
  readonly announceEnd: boolean;
}

/** How a version matches is for lists to say, and for watches that begin with one. */
function checkMatch(match: string, asksForInitialEvents: boolean): void {
  const field = "resourceVersionMatch";
  const causes: Cause[] = [];
  const forbid = (detail: string) => causes.push({ reason: "FieldValueForbidden", message: `Forbidden: ${detail}`, field });
  if (match !== "" && !asksForInitialEvents) forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  if (match !== "NotOlderThan" && asksForInitialEvents) forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (match !== "" && match !== "NotOlderThan" && asksForInitialEvents)
    causes.push({ reason: "FieldValueNotSupported", message: `Unsupported value: ${JSON.stringify(match)}: supported values: "NotOlderThan"`, field });
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", causes);
}

function startOf(core: Core, call: Call): Start {
  const { kind, namespace } = call.target;
  const asked = resourceVersionOf(call.query);
  const initialEvents = flag(call.query, "sendInitialEvents");
  integerOf(call.query, "limit");
  checkMatch(call.query.get("resourceVersionMatch") ?? "", initialEvents !== undefined);
  const announceEnd = flag(call.query, "allowWatchBookmarks") === true;
  if (initialEvents === true || (initialEvents === undefined && (asked ?? 0) === 0))
    return { initial: core.store.list(kind.collection, namespace), missed: [], resourceVersion: core.store.resourceVersion, announceEnd };
  if ((asked ?? 0) === 0) return { initial: [], missed: [], resourceVersion: core.store.resourceVersion, announceEnd: false };
  const missed = core.store.since(kind.collection, asked ?? 0);
  if (!missed) throw expired(`too old resource version: ${asked ?? 0} (${core.store.resourceVersion})`);
  return { initial: [], missed, resourceVersion: asked ?? 0, announceEnd: false };
}

function timeoutOf(core: Core, call: Call): number {
  const seconds = integerOf(call.query, "timeoutSeconds") ?? 0;
  return seconds > 0 ? seconds * 1_000 : SHORTEST_WATCH_MS * (1 + core.random.next());
}

/** Follows a collection. Refusals that the real server answers as an event are events here too. */
export function watch(core: Core, call: Call, view: View): AsyncIterable<Uint8Array> {
  const interest: Interest = { namespace: call.target.namespace, matches: selection(call.target.kind, call.query) };
  const queue = frameQueue();
  let start: Start;
  try {
    start = startOf(core, call);
  } catch (thrown) {
    if (statusOf(thrown).code !== 410) throw thrown;
    queue.push(frame("ERROR", stringifyJson(statusOf(thrown))));
    queue.end();
    return queue.frames([]);
  }
  const tell = (event: StoredEvent): void => {
    const type = seenAs(view, interest, event);
    if (!type) return;
    const entry = type === "DELETED" && event.type !== "DELETED" ? gone(event) : event.entry;
    queue.push(eventFrame(core, view, type, entry));
  };
  for (const event of start.missed) tell(event);
  const bookmarks = flag(call.query, "allowWatchBookmarks") === true;
  const stops = [
    core.store.subscribe(call.target.kind.collection, tell),
    core.clock.after(timeoutOf(core, call), () => queue.end(bookmarks ? bookmark(view, core.store.resourceVersion) : undefined)),
  ];
  if (bookmarks) stops.push(everyMinute(core, () => queue.push(bookmark(view, core.store.resourceVersion))));
  const stop = () => queue.end();
  const { group, version, plural } = call.target.kind;
  stops.push(core.kinds.onChange(() => core.kinds.find(group, version, plural) ?? stop()));
  for (const signal of [call.signal, core.closing]) if (signal) stops.push(onAbort(signal, stop));
  queue.onEnd(() => stops.forEach((unsubscribe) => unsubscribe()));
  return queue.frames(initialFrames(core, view, interest, start));
}

/** The state before an object stopped matching, at the resourceVersion of the change. */
function gone({ entry, previous }: StoredEvent): Entry {
  const last = previous ?? entry;
  const object = { ...last.object, metadata: { ...last.object.metadata, resourceVersion: String(entry.resourceVersion) } };
  return { ...last, resourceVersion: entry.resourceVersion, object, bytes: Buffer.from(stringifyJson(object)) };
}

function* initialFrames(core: Core, view: View, interest: Interest, start: Start): Generator<Buffer> {
  for (const entry of start.initial) if (concerns(view, interest, entry)) yield eventFrame(core, view, "ADDED", entry);
  if (start.announceEnd) yield bookmark(view, start.resourceVersion, { "k8s.io/initial-events-end": "true" });
}

function everyMinute(core: Core, act: () => void): () => void {
  let cancel = () => {};
  const again = () => {
    cancel = core.clock.after(BOOKMARK_EVERY_MS, () => {
      act();
      again();
    });
  };
  again();
  return () => cancel();
}

function onAbort(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) act();
  signal.addEventListener("abort", act, { once: true });
  return () => signal.removeEventListener("abort", act);
}
