import type { Cause } from "../../../schema/structural/index.ts";
import type { Core } from "../core.ts";
import { badRequest, expired, invalid, notFound, tooLargeResourceVersion } from "../status.ts";
import type { Entry } from "../storage/entry.ts";
import { integerOf, resourceVersionOf } from "../wire/options.ts";
import { type Matches, selection } from "../wire/selectors.ts";
import { type Call, subjectOf, type Target } from "../wire/target.ts";
import { fromStored } from "../kinds/served-kind.ts";
import { type ContinueToken, continueTooOld, readContinueToken, writeContinueToken } from "./continue-token.ts";
import { keyOfTarget } from "./update.ts";

/** A collection, or one page of it, at one moment. */
export interface Listed {
  readonly entries: readonly Entry[];
  readonly resourceVersion: number;
  readonly continue: string | undefined;
  readonly remaining: number | undefined;
}

/** What the options of a list say against each other, in the order of the real server. */
function optionCauses(query: URLSearchParams): Cause[] {
  const [match, version] = [query.get("resourceVersionMatch") ?? "", query.get("resourceVersion") ?? ""];
  const causes: Cause[] = [];
  const refuse = (message: string, field = "resourceVersionMatch"): void => {
    causes.push({ reason: message.startsWith("Forbidden") ? "FieldValueForbidden" : "FieldValueNotSupported", message, field });
  };
  if (match !== "" && version === "") refuse("Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (match !== "" && query.get("continue")) refuse("Forbidden: resourceVersionMatch is forbidden when continue is provided");
  if (match !== "" && match !== "Exact" && match !== "NotOlderThan")
    refuse(`Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`);
  if (match === "Exact" && version === "0") refuse('Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  if (query.get("sendInitialEvents") !== null) refuse("Forbidden: sendInitialEvents is forbidden for list", "sendInitialEvents");
  return causes;
}

function checkOptions(query: URLSearchParams): void {
  const causes = optionCauses(query);
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", causes);
  integerOf(query, "timeoutSeconds");
}

/** A moment, and how somebody asked for it. */
interface Moment {
  /** 0: now. */
  readonly resourceVersion: number;
  /** What to answer when it is forgotten. */
  readonly forgotten: () => Error;
}

/** A version with a limit means just that version, unless it says that a newer one will do. */
function momentOf({ query }: Call, limit: number, current: number): Moment {
  const asked = resourceVersionOf(query, true) ?? 0;
  if (asked > current) throw tooLargeResourceVersion(asked, current);
  const match = query.get("resourceVersionMatch") ?? "";
  const exact = match === "Exact" || (match === "" && limit > 0);
  return { resourceVersion: exact ? asked : 0, forgotten: () => expired("The resourceVersion for the provided list is too old.") };
}

function momentOfToken(token: ContinueToken, { query }: Call, current: number): Moment {
  if (query.get("resourceVersion") && query.get("resourceVersion") !== "0") throw badRequest("specifying resource version is not allowed when using continue");
  if (token.resourceVersion > current) throw tooLargeResourceVersion(token.resourceVersion, current);
  return { resourceVersion: Math.max(0, token.resourceVersion), forgotten: () => continueTooOld(token) };
}

/** The collection as it was, in key order: what happened since is taken back. Throws 410. */
function entriesAt({ store }: Core, { kind, namespace }: Target, { resourceVersion, forgotten }: Moment): readonly Entry[] {
  const now = store.list(kind.collection, namespace);
  if (resourceVersion === 0) return now;
  const since = store.since(kind.collection, resourceVersion);
  if (!since) throw forgotten();
  const events = since.filter(({ entry }) => namespace === "" || entry.namespace === namespace);
  if (events.length === 0) return now;
  const then = new Map(now.map((entry) => [entry.key, entry]));
  for (const { type, entry, previous } of events.reverse()) {
    if (type === "ADDED" || !previous) then.delete(entry.key);
    else then.set(entry.key, previous);
  }
  return [...then.values()].sort((left, right) => (left.key < right.key ? -1 : 1));
}

function matching(call: Call, entries: readonly Entry[], matches: Matches | undefined): readonly Entry[] {
  if (!matches) return entries;
  return entries.filter((entry) => matches(fromStored(call.target.kind, entry.object)));
}

/** Whoever takes any version takes all of it at once, as from the cache of a real server. */
function limitOf(query: URLSearchParams): number {
  const limit = integerOf(query, "limit") ?? 0;
  return query.get("resourceVersion") === "0" && !query.get("continue") ? 0 : limit;
}

/** The objects of a collection that a request selects. Throws 400, 410, 504. */
export function list(core: Core, call: Call): Listed {
  const { query, target } = call;
  checkOptions(query);
  const limit = limitOf(query);
  const matches = selection(target.kind, query);
  const text = query.get("continue");
  const token = text ? readContinueToken(text) : undefined;
  const current = core.store.resourceVersion;
  const moment = token ? momentOfToken(token, call, current) : momentOf(call, limit, current);
  const everything = entriesAt(core, target, moment);
  const above = `${target.kind.collection}${target.namespace === "" ? "" : `/${target.namespace}`}`;
  const start = token ? above + token.start : undefined;
  const rest = start === undefined ? everything : everything.filter(({ key }) => key >= start);
  const found = matching(call, rest, matches);
  const resourceVersion = moment.resourceVersion || current;
  if (limit <= 0 || found.length <= limit) return { entries: found, resourceVersion, continue: undefined, remaining: undefined };
  const entries = found.slice(0, limit);
  const next = { resourceVersion, start: `${entries[limit - 1]!.key.slice(above.length)}\0` };
  return { entries, resourceVersion, continue: writeContinueToken(next), remaining: matches ? undefined : found.length - limit };
}

/** GET of one object, as committed. */
export function get(core: Core, call: Call): Entry {
  const asked = resourceVersionOf(call.query);
  if (asked !== undefined && asked > core.store.resourceVersion) throw tooLargeResourceVersion(asked, core.store.resourceVersion);
  const entry = core.store.get(keyOfTarget(call.target));
  if (!entry) throw notFound(subjectOf(call.target), call.target.name);
  return entry;
}
