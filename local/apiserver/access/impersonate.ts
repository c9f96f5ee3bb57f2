import { type Attributes, type Authorizer } from "../authorize.ts";
import type { ServerRequest, User } from "../request.ts";
import { badRequest } from "../status.ts";
import { forbidden } from "./forbid.ts";
import { serviceAccountGroups, serviceAccountOf } from "./service-account-name.ts";

const PREFIX = "impersonate-";
const EXTRA = "impersonate-extra-";
const AUTHENTICATION = "authentication.k8s.io";
/** So many who impersonate are remembered with the way that worked for them. */
const REMEMBERED = 1_000;

type Extra = Readonly<Record<string, readonly string[]>>;

interface Wanted {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Extra;
}

/** The values of a header that may be repeated: a listener joins them with line breaks, which no header can hold. */
const valuesOf = (header: string | undefined): string[] => (header === undefined ? [] : header.split("\n"));

function extraKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

const goText = (value: string): string => JSON.stringify(value);
const goStrings = (values: readonly string[]): string => (values.length === 0 ? "[]string(nil)" : `[]string{${values.map(goText).join(", ")}}`);

function goExtra(extra: Extra): string {
  const entries = Object.entries(extra).map(([key, values]) => `${goText(key)}:${goStrings(values)}`);
  return entries.length === 0 ? "map[string][]string(nil)" : `map[string][]string{${entries.sort().join(", ")}}`;
}

/** Whom a request wants to be; undefined when it wants to be nobody else. Throws 400 for a half impersonation. */
function wantedUser(headers: ServerRequest["headers"]): Wanted | undefined {
  const name = headers["impersonate-user"] ?? "";
  const uid = headers["impersonate-uid"] ?? "";
  const groups = valuesOf(headers["impersonate-group"]);
  const extras = Object.entries(headers).filter(([header]) => header.startsWith(EXTRA));
  const extra = Object.fromEntries(extras.map(([header, value]) => [extraKey(header.slice(EXTRA.length)).toLowerCase(), valuesOf(value)]));
  if (name !== "") return { name, uid, groups, extra };
  if (uid === "" && groups.length === 0 && extras.length === 0) return undefined;
  const text = `&user.DefaultInfo{Name:"", UID:${goText(uid)}, Groups:${goStrings(groups)}, Extra:${goExtra(extra)}}`;
  throw badRequest(`requested ${text} without impersonating a user name`);
}

/**
 * One way of being allowed to impersonate. The oldest allows it for every request with the verb `impersonate`; the others allow it
 * for what `impersonate-on:<mode>:<verb>` says and only certain kinds of users.
 */
interface Mode {
  readonly verb: string;
  /** "" for the oldest. */
  readonly on: string;
  applies(wanted: Wanted, requestor: User): boolean;
}

const nodeOf = (name: string): string | undefined => /^system:node:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/.exec(name)?.[1];
const onlyName = ({ uid, groups, extra }: Wanted): boolean => uid === "" && groups.length === 0 && Object.keys(extra).length === 0;
const constrained = (mode: string, applies: Mode["applies"]): Mode => ({ verb: `impersonate:${mode}`, on: `impersonate-on:${mode}:`, applies });

function onItsNode(wanted: Wanted, { name, extra }: User): boolean {
  const nodes = extra?.["authentication.kubernetes.io/node-name"] ?? [];
  return onlyName(wanted) && serviceAccountOf(name) !== undefined && nodes.length === 1 && nodeOf(wanted.name) === nodes[0];
}

const MODES: readonly Mode[] = [
  constrained("associated-node", onItsNode),
  constrained("arbitrary-node", (wanted) => onlyName(wanted) && nodeOf(wanted.name) !== undefined),
  constrained("serviceaccount", (wanted) => onlyName(wanted) && serviceAccountOf(wanted.name) !== undefined),
  constrained("user-info", ({ name }) => nodeOf(name) === undefined && serviceAccountOf(name) === undefined),
  { verb: "impersonate", on: "", applies: () => true },
];

function about(verb: string, resource: string, name: string, more: Partial<Attributes> = {}): Attributes {
  return { verb, group: "", resource, subresource: "", namespace: "", name, path: "", ...more };
}

/** What has to be allowed for the name itself. */
function nameAttributes({ verb, on }: Mode, { name }: Wanted): Attributes {
  const group = on === "" ? "" : AUTHENTICATION;
  const account = serviceAccountOf(name);
  if (account) return about(verb, "serviceaccounts", account.name, { group, namespace: account.namespace });
  const node = on === "" ? undefined : nodeOf(name);
  if (node !== undefined) return about(verb, "nodes", on.includes(":associated-node:") ? "*" : node, { group });
  return about(verb, "users", name, { group });
}

/** Everything that has to be allowed for a user to be impersonated in this way, in the order it is asked. */
function needs(mode: Mode, wanted: Wanted): Attributes[] {
  const { verb, on } = mode;
  const group = on === "" ? "" : AUTHENTICATION;
  return [
    nameAttributes(mode, wanted),
    ...(wanted.uid === "" ? [] : [about(verb, "uids", wanted.uid, { group: AUTHENTICATION })]),
    ...wanted.groups.map((name) => about(verb, "groups", name, { group })),
    ...Object.entries(wanted.extra).flatMap(([key, values]) =>
      values.map((name) => about(verb, "userextras", name, { group: AUTHENTICATION, subresource: key })),
    ),
  ];
}

/** What the newer ways never allow, whatever roles say. */
function neverAllowed({ on, verb }: Mode, { groups }: Wanted): [Attributes, string] | undefined {
  if (on === "") return undefined;
  if (groups.includes("")) return [about(verb, "groups", "", { group: AUTHENTICATION }), "impersonating the empty string group is not allowed"];
  if (!groups.includes("system:masters")) return undefined;
  return [about(verb, "groups", "system:masters", { group: AUTHENTICATION }), "impersonating the system:masters group is not allowed"];
}

/** The refusal of one way; undefined when it allows. */
function refusalOf(authorizer: Authorizer, requestor: User, mode: Mode, wanted: Wanted, request: Attributes): Error | undefined {
  const first = mode.on === "" ? [] : [{ ...request, verb: `${mode.on}${request.verb}` }];
  for (const attributes of [...first, ...needs(mode, wanted)]) {
    const { allowed, reason } = authorizer.decide(requestor, attributes);
    if (!allowed) return forbidden(requestor, attributes, reason);
  }
  const never = neverAllowed(mode, wanted);
  return never && forbidden(requestor, ...never);
}

function becoming(mode: Mode, { name, uid, groups, extra }: Wanted): User {
  const account = serviceAccountOf(name);
  const own = account && groups.length === 0 ? serviceAccountGroups(account.namespace) : groups;
  const all = mode.on !== "" && nodeOf(name) !== undefined ? ["system:nodes"] : own;
  const missing = name === "system:anonymous" ? "system:unauthenticated" : all.includes("system:unauthenticated") ? undefined : "system:authenticated";
  const withMissing = missing === undefined || all.includes(missing) ? all : [...all, missing];
  return { name, groups: withMissing, ...(uid === "" ? {} : { uid }), ...(Object.keys(extra).length === 0 ? {} : { extra }) };
}

/** The user a request acts as, in `impersonate` headers or as itself. Throws 400 for half an impersonation, 403 for one nobody allowed. */
export type Impersonation = (requestor: User, headers: ServerRequest["headers"], request: () => Attributes) => User;

export function impersonation(authorizer: Authorizer): Impersonation {
  const worked = new Map<string, Mode>();
  const remember = (requestor: User, mode: Mode): void => {
    if (worked.size >= REMEMBERED) worked.clear();
    worked.set(requestor.name, mode);
  };
  return (requestor, headers, request) => {
    let asks = false;
    for (const header in headers) if (header.startsWith(PREFIX)) asks = true;
    const wanted = asks ? wantedUser(headers) : undefined;
    if (!wanted) return requestor;
    const last = worked.get(requestor.name);
    const order = last ? [last, ...MODES.filter((mode) => mode !== last)] : MODES;
    let refusal: Error | undefined;
    for (const mode of order) {
      if (!mode.applies(wanted, requestor)) continue;
      const refused = refusalOf(authorizer, requestor, mode, wanted, request());
      if (!refused) {
        remember(requestor, mode);
        return becoming(mode, wanted);
      }
      refusal ??= refused;
    }
    throw refusal ?? new Error("no way of impersonating applies");
  };
}
