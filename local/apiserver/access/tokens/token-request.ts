import { rfc3339 } from "../../../../base/index.ts";
import type { KubeObject, Stored } from "../../../../kube/index.ts";
import { type Cause, fieldCause } from "../../../../schema/structural/index.ts";
import type { Core } from "../../core.ts";
import type { ServerResponse } from "../../request.ts";
import { badRequest, conflict, invalid, notFound } from "../../status.ts";
import { objectKey } from "../../storage/entry.ts";
import { jsonResponse } from "../../wire/encode.ts";
import { ISSUER, type TokenAuthority, type TokenOf } from "./token-authority.ts";

interface ObjectReference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
}

interface TokenRequestSpec {
  readonly audiences?: readonly string[];
  readonly expirationSeconds?: number;
  readonly boundObjectRef?: ObjectReference | null;
}

export interface TokenQuestion {
  readonly namespace: string;
  /** Of the ServiceAccount. */
  readonly name: string;
  readonly object: KubeObject;
}

const HOUR = 3_600;
const LEAST = 600;
const MOST = 2 ** 32;
/** What a kubelet asks for the token it mounts: such a token goes on for a year, so that programs that read it once go on working. */
const MOUNTED = 3_607;
const YEAR = 365 * 24 * HOUR;
const KIND = { group: "authentication.k8s.io", kind: "TokenRequest" };
const ACCOUNT = { group: "", plural: "serviceaccounts", kind: "ServiceAccount" };

const BINDABLE: Readonly<Record<string, { readonly plural: string; readonly namespaced: boolean; readonly field: "pod" | "secret" | "node" }>> = {
  Pod: { plural: "pods", namespaced: true, field: "pod" },
  Secret: { plural: "secrets", namespaced: true, field: "secret" },
  Node: { plural: "nodes", namespaced: false, field: "node" },
};

function checkLifetime(seconds: number): void {
  const causes: Cause[] = [];
  const field = "spec.expirationSeconds";
  if (seconds < LEAST) causes.push(fieldCause.invalid(field, seconds, "may not specify a duration less than 10 minutes"));
  if (seconds > MOST) causes.push(fieldCause.invalid(field, seconds, "may not specify a duration larger than 2^32 seconds"));
  if (causes.length > 0) throw invalid(KIND, "", causes);
}

function checkNames({ namespace, name, object }: TokenQuestion): void {
  const { metadata } = object;
  if (metadata.namespace && metadata.namespace !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (metadata.name && metadata.name !== name)
    throw invalid(KIND, name, [fieldCause.invalid("metadata.name", metadata.name, "must match the service account name if specified")]);
}

function boundObject(core: Core, reference: ObjectReference, namespace: string): Stored {
  const { kind = "", apiVersion = "", name = "", uid } = reference;
  const bindable = apiVersion === "v1" ? BINDABLE[kind] : undefined;
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  if (!bindable) throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  const { plural, namespaced } = bindable;
  const live = core.store.get(objectKey(`/${plural}`, namespaced ? namespace : "", name))?.object;
  if (!live) throw notFound({ group: "", plural, kind }, name);
  if (uid !== undefined && uid !== "" && uid !== live.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: "", plural: kind, kind }, name, why);
  }
  return live;
}

function nodeOf(core: Core, pod: Stored): TokenOf["bound"] {
  const { nodeName } = pod["spec"] as { nodeName?: string };
  if (!nodeName) return {};
  const uid = core.store.get(objectKey("/nodes", "", nodeName))?.object.metadata.uid;
  return { node: { name: nodeName, ...(uid === undefined ? {} : { uid }) } };
}

function binding(core: Core, reference: ObjectReference | null | undefined, { namespace, name }: TokenQuestion): TokenOf["bound"] {
  if (!reference) return {};
  const live = boundObject(core, reference, namespace);
  const field = BINDABLE[reference.kind ?? ""]?.field ?? "secret";
  const bound = { [field]: { name: live.metadata.name, uid: live.metadata.uid } };
  if (field !== "pod") return bound;
  const { serviceAccountName = "" } = live["spec"] as { serviceAccountName?: string };
  if (serviceAccountName !== "" && serviceAccountName !== name)
    throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(name)} to pod running with different serviceaccount name.`);
  return { ...nodeOf(core, live), ...bound };
}

/** POST to a ServiceAccount's `token`: a token for it. Throws 400, 404, 409 and 422 as the real server does. */
export function requestToken(core: Core, authority: TokenAuthority, question: TokenQuestion): ServerResponse {
  const { namespace, name, object } = question;
  const spec = (object["spec"] ?? {}) as TokenRequestSpec;
  const { expirationSeconds = HOUR, boundObjectRef } = spec;
  const audiences = spec.audiences && spec.audiences.length > 0 ? spec.audiences : [ISSUER];
  checkNames(question);
  checkLifetime(expirationSeconds);
  const account = core.store.get(objectKey("/serviceaccounts", namespace, name))?.object;
  if (!account) throw notFound(ACCOUNT, name);
  const bound = binding(core, boundObjectRef, question);
  const goesOn = expirationSeconds === MOUNTED && bound.pod !== undefined && audiences.length === 1 && audiences[0] === ISSUER;
  const { uid } = account.metadata;
  const lifetime = goesOn ? { lifetime: YEAR, warnAfter: MOUNTED } : { lifetime: expirationSeconds };
  const { token, claims } = authority.issue({ account: { namespace, name, uid }, audiences, bound, ...lifetime });
  const metadata = { name, namespace, uid, creationTimestamp: rfc3339(core.clock.now()) };
  const expirationTimestamp = rfc3339((claims.iat + expirationSeconds) * 1_000);
  return jsonResponse(201, {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata,
    spec: { audiences, expirationSeconds, boundObjectRef: boundObjectRef ?? null },
    status: { token, expirationTimestamp },
  });
}
