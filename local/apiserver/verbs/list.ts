import type { Cause } from "../../../schema/structural/index.ts";
import type { Core } from "../core.ts";
import { badRequest, failure, invalid, notFound, tooLargeResourceVersion } from "../status.ts";
import type { Entry } from "../storage/entry.ts";
import { integerOf, resourceVersionOf } from "../wire/options.ts";
import { type Matches, selection } from "../wire/selectors.ts";
import { type Call, subjectOf } from "../wire/target.ts";
import { fromStored } from "../kinds/served-kind.ts";
import { keyOfTarget } from "./update.ts";

/** A collection, or one page of it, at one moment. */
export interface Listed {
  readonly entries: readonly Entry[];
  readonly resourceVersion: number;
  readonly continue: string | undefined;
  readonly remaining: number | undefined;
}

/** Where the next page of a list begins. */
interface Token {
  readonly v: "flyteops.local/v1";
  readonly list: string;
  readonly rv: number;
  readonly start: string;
}

function readToken(text: string): Token {
  const bad = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  let token: Partial<Token>;
  try {
    token = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Partial<Token>;
  } catch {
    throw bad("it was not made by this server");
  }
  if (
    typeof token !== "object" ||
    token === null ||
    token.v !== "flyteops.local/v1" ||
    typeof token.list !== "string" ||
    typeof token.start !== "string" ||
    typeof token.rv !== "number"
  )
    throw bad("it was not made by this server");
  return token as Token;
}

const writeToken = (token: Token): string => Buffer.from(JSON.stringify(token)).toString("base64url");

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

/** A list at an exact, older version is possible only through a continue token. */
function checkVersion(core: Core, call: Call): void {
  const asked = resourceVersionOf(call.query, true);
  if (asked === undefined) return;
  if (asked > core.store.resourceVersion) throw tooLargeResourceVersion(asked, core.store.resourceVersion);
  if (call.query.get("resourceVersionMatch") === "Exact" && asked !== core.store.resourceVersion) throw gone();
}

function gone(): Error {
  return failure(
    410,
    "Expired",
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
  );
}

function matching(call: Call, entries: readonly Entry[], matches: Matches | undefined): readonly Entry[] {
  if (!matches) return entries;
  return entries.filter((entry) => matches(fromStored(call.target.kind, entry.object)));
}

/** A page; the rest is kept for whoever asks for it. */
function page(core: Core, all: readonly Entry[], resourceVersion: number, list: string | undefined, from: number, limit: number, selected: boolean): Listed {
  const end = limit > 0 ? from + limit : all.length;
  const entries = from === 0 && end >= all.length ? all : all.slice(from, end);
  if (end >= all.length) return { entries, resourceVersion, continue: undefined, remaining: undefined };
  const id = list ?? core.snapshots.keep({ resourceVersion, entries: all });
  const token = writeToken({ v: "flyteops.local/v1", list: id, rv: resourceVersion, start: all[end]!.key });
  return { entries, resourceVersion, continue: token, remaining: selected ? undefined : all.length - end };
}

/** Whoever takes any version takes all of it at once, as from the cache of a real server. */
function limitOf(query: URLSearchParams): number {
  const limit = integerOf(query, "limit") ?? 0;
  return query.get("resourceVersion") === "0" && !query.get("continue") ? 0 : limit;
}

/** The objects of a collection that a request selects. Throws 400, 410, 504. */
export function list(core: Core, call: Call): Listed {
  checkOptions(call.query);
  const limit = limitOf(call.query);
  const matches = selection(call.target.kind, call.query);
  const token = call.query.get("continue");
  if (token) {
    const { list: id, start, rv } = readToken(token);
    if (call.query.get("resourceVersion") && call.query.get("resourceVersion") !== "0")
      throw badRequest("specifying resource version is not allowed when using continue");
    const snapshot = core.snapshots.find(id);
    if (snapshot?.resourceVersion !== rv) throw gone();
    const from = snapshot.entries.findIndex((entry) => entry.key >= start);
    return page(core, snapshot.entries, rv, id, Math.max(0, from), limit, matches !== undefined);
  }
  checkVersion(core, call);
  const all = matching(call, core.store.list(call.target.kind.collection, call.target.namespace), matches);
  return page(core, all, core.store.resourceVersion, undefined, 0, limit, matches !== undefined);
}

/** GET of one object, as committed. */
export function get(core: Core, call: Call): Entry {
  const asked = resourceVersionOf(call.query);
  if (asked !== undefined && asked > core.store.resourceVersion) throw tooLargeResourceVersion(asked, core.store.resourceVersion);
  const entry = core.store.get(keyOfTarget(call.target));
  if (!entry) throw notFound(subjectOf(call.target), call.target.name);
  return entry;
}
