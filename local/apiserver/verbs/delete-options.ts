import { badRequest, invalid } from "../status.ts";
import { decodeBody } from "../wire/decode.ts";
import { dryRunOf, flag, integerOf } from "../wire/options.ts";
import type { Call } from "../wire/target.ts";

export type Propagation = "Orphan" | "Background" | "Foreground";

export interface DeleteOptions {
  readonly dryRun: boolean;
  /** Undefined: the kind's own. */
  readonly gracePeriodSeconds: number | undefined;
  readonly propagation: Propagation | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
}

const POLICIES: ReadonlySet<string> = new Set(["Orphan", "Background", "Foreground"]);

interface Body {
  kind?: string;
  apiVersion?: string;
  gracePeriodSeconds?: number;
  orphanDependents?: boolean;
  propagationPolicy?: string;
  dryRun?: string[];
  preconditions?: { uid?: string; resourceVersion?: string };
}

async function bodyOf(call: Call): Promise<Body> {
  if (call.body.byteLength === 0) return {};
  const { value } = await decodeBody(call.body, call.headers["content-type"], "DeleteOptions");
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badRequest("DeleteOptions cannot be read: the body is not a JSON object");
  const body = value as Body;
  if ((body.kind ?? "DeleteOptions") !== "DeleteOptions")
    throw badRequest(`no kind "${body.kind}" is registered for version "${body.apiVersion ?? ""}" here: DeleteOptions is`);
  return body;
}

/** Without a body the query speaks. */
function queryOf(query: URLSearchParams): Body {
  const [grace, orphan, policy] = [integerOf(query, "gracePeriodSeconds"), flag(query, "orphanDependents"), query.get("propagationPolicy")];
  const dryRun = query.getAll("dryRun");
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(orphan === undefined ? {} : { orphanDependents: orphan }),
    ...(policy ? { propagationPolicy: policy } : {}),
    ...(dryRun.length > 0 ? { dryRun } : {}),
  };
}

function refusePolicy(reason: "FieldValueInvalid" | "FieldValueNotSupported", message: string): never {
  throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", [{ reason, message, field: "propagationPolicy" }]);
}

function propagationOf(body: Body): Propagation | undefined {
  const { propagationPolicy: policy, orphanDependents: orphan } = body;
  if (policy !== undefined && orphan !== undefined)
    refusePolicy("FieldValueInvalid", `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`);
  if (policy !== undefined && policy !== "" && !POLICIES.has(policy))
    refusePolicy("FieldValueNotSupported", `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`);
  if (orphan !== undefined) return orphan ? "Orphan" : "Background";
  return policy ? (policy as Propagation) : undefined;
}

/** The options of a DELETE, from its body or else its query. Throws 400 and 422. */
export async function deleteOptions(call: Call): Promise<DeleteOptions> {
  const body = call.body.byteLength > 0 ? await bodyOf(call) : queryOf(call.query);
  const grace = body.gracePeriodSeconds;
  const { uid, resourceVersion } = body.preconditions ?? {};
  return {
    dryRun: dryRunOf(body.dryRun ?? [], "DeleteOptions"),
    gracePeriodSeconds: typeof grace === "number" ? grace : undefined,
    propagation: propagationOf(body),
    preconditions: { ...(typeof uid === "string" ? { uid } : {}), ...(typeof resourceVersion === "string" ? { resourceVersion } : {}) },
  };
}
