import { API_VERSION, didYouMean, digestJson, GROUP, type JsonObject, LABEL, namespaceOf } from "../../base/index.ts";
import { allKinds, kindOf } from "../../crds/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import type { AnyKind } from "../../schema/index.ts";
import type { ParsedDocument } from "../parse/parse-file.ts";
import { type Admitted, type Complaint, error } from "./candidate.ts";
import type { CheckOptions } from "./check-result.ts";
import { notImplemented } from "./not-implemented.ts";
import { portabilityWarnings } from "./portability.ts";
import { shellProgramWarnings } from "./shell-programs.ts";

/** Kinds that a controller writes, never git. */
const NEVER_IN_GIT = new Set(["TaskAction"]);
/** What a tenant's repository may hold. */
const TENANT_KINDS: ReadonlySet<string> = new Set(["Task", "Workflow", "Trigger", "App", "Run"]);
/** Labels by which controllers know their objects. */
const RESERVED_LABELS: ReadonlySet<string> = new Set(Object.values(LABEL));
/** Fields of metadata that the API server or controllers own. */
const SERVER_FIELDS = ["uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "managedFields", "ownerReferences", "selfLink"];

/** Judges one document by itself: is it ours, may it stand here, does it fit its kind? */
export function admit(document: ParsedDocument, options: CheckOptions): Admitted {
  const written = document.value as JsonObject & { metadata?: JsonObject };
  const kind = kindOf({ apiVersion: written["apiVersion"], kind: written["kind"] });
  const refusal = kind ? refusedKind(kind, options) : unknownKind(written, options);
  const identity = kind && identityOf(kind, written, options);
  const object = withNamespace(written, kind, identity?.namespace);
  const complaints = refusal ? [refusal] : ownComplaints(kind, written, object, options);
  const invalid = complaints.some(({ severity }) => severity === "error");
  return {
    index: document.index,
    position: document.position,
    identity,
    kind,
    object,
    spec: invalid || !kind ? undefined : (kind.parse(object).spec as JsonObject),
    digest: digestJson(object),
    complaints: invalid ? complaints : [...complaints, ...portabilityWarnings(object), ...shellProgramWarnings(object)],
  };
}

function ownComplaints(kind: AnyKind | undefined, written: JsonObject & { metadata?: JsonObject }, object: KubeObject, options: CheckOptions): Complaint[] {
  if (!kind) return [];
  const { spec } = object as unknown as { spec?: JsonObject };
  const unfinished = typeof spec === "object" && spec !== null ? notImplemented(kind.kind, spec) : [];
  return [...placeComplaints(kind, written, options), ...schemaComplaints(kind, object), ...unfinished];
}

function refusedKind(kind: AnyKind, { tenant }: CheckOptions): Complaint | undefined {
  if (NEVER_IN_GIT.has(kind.kind)) return error("KindNotAllowed", `${kind.kind} objects are made by controllers and do not belong in a repository`, ["kind"]);
  if (!tenant || TENANT_KINDS.has(kind.kind)) return undefined;
  return error(
    "KindNotAllowed",
    `${kind.kind} belongs in the platform repository: this one belongs to project ${tenant.project} and may hold ${[...TENANT_KINDS].join(", ")}`,
    ["kind"],
  );
}

function unknownKind(written: JsonObject, { tenant }: CheckOptions): Complaint {
  const [apiVersion, kind] = [String(written["apiVersion"]), String(written["kind"])];
  if (!apiVersion.startsWith(`${GROUP}/`)) {
    const who = tenant ? `a repository of project ${tenant.project} ` : "flyteops ";
    return error("KindNotAllowed", `${apiVersion} ${kind}: ${who}applies ${API_VERSION} objects only; keep others in a folder that spec.include leaves out`, [
      "kind",
    ]);
  }
  if (apiVersion !== API_VERSION) return error("UnknownVersion", `there is no version ${apiVersion}; write ${API_VERSION}`, ["apiVersion"]);
  const known = allKinds.map((each) => each.kind).filter((each) => !NEVER_IN_GIT.has(each));
  return error("UnknownKind", `there is no kind ${kind} in ${API_VERSION}${didYouMean(kind, known) || `; the kinds are ${known.join(", ")}`}`, ["kind"]);
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

function identityOf(kind: AnyKind, written: JsonObject & { metadata?: JsonObject }, options: CheckOptions): Admitted["identity"] {
  const name = written.metadata?.["name"];
  if (!isText(name)) return undefined;
  const named = written.metadata?.["namespace"];
  return { kind: kind.kind, namespace: kind.namespaced ? (isText(named) ? named : (defaultNamespace(options) ?? "")) : "", name };
}

function defaultNamespace({ tenant, defaultNamespace: given }: CheckOptions): string | undefined {
  return tenant ? namespaceOf(tenant) : given;
}

function withNamespace(written: JsonObject & { metadata?: JsonObject }, kind: AnyKind | undefined, namespace: string | undefined): KubeObject {
  const object = written as unknown as KubeObject;
  if (!kind?.namespaced || !namespace || typeof written.metadata !== "object" || written.metadata === null) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function placeComplaints(kind: AnyKind, written: JsonObject & { metadata?: JsonObject }, options: CheckOptions): Complaint[] {
  return [...namespaceComplaints(kind, written.metadata ?? {}, options), ...metadataComplaints(written.metadata ?? {})];
}

function namespaceComplaints(kind: AnyKind, metadata: JsonObject, options: CheckOptions): Complaint[] {
  const { namespace } = metadata;
  const own = defaultNamespace(options);
  if (!kind.namespaced)
    return namespace === undefined
      ? []
      : [error("NamespaceNotAllowed", `a ${kind.kind} belongs to no namespace: remove namespace`, ["metadata", "namespace"], "key")];
  if (namespace === undefined && own === undefined)
    return [error("NamespaceMissing", `write metadata.namespace: <project>-<domain>; only a repository of one project has a default`, ["metadata"])];
  if (options.tenant && namespace !== undefined && namespace !== own) {
    return [error("ForeignNamespace", `this repository belongs to ${own}: leave namespace out, or write that`, ["metadata", "namespace"])];
  }
  return [];
}

function metadataComplaints(metadata: JsonObject): Complaint[] {
  const complaints = SERVER_FIELDS.filter((field) => metadata[field] !== undefined).map((field) =>
    error("FieldNotAllowed", `metadata.${field} is written by the cluster: remove it`, ["metadata", field], "key"),
  );
  if (metadata["generateName"] !== undefined)
    complaints.push(error("FieldNotAllowed", "an object in git needs a name of its own: write metadata.name", ["metadata", "generateName"], "key"));
  const labels = typeof metadata["labels"] === "object" && metadata["labels"] !== null ? Object.keys(metadata["labels"]) : [];
  for (const label of labels) {
    if (RESERVED_LABELS.has(label))
      complaints.push(error("FieldNotAllowed", `the label ${label} is written by flyteops: remove it`, ["metadata", "labels", label], "key"));
  }
  return complaints;
}

function schemaComplaints(kind: AnyKind, object: KubeObject): Complaint[] {
  return kind
    .check(object)
    .map(({ code, message, path }) => error(code, message, path, code === "UnknownField" || code === "StatusNotAllowed" ? "key" : "value"));
}
