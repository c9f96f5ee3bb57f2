import { type Fields, isFields } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { type Cause, fieldCause } from "../../../schema/structural/index.ts";
import { builtinSchema } from "./builtin.ts";
import { labelProblems, labelValueProblems, pathSegmentProblems, qualifiedNameProblems, subdomainProblems } from "./names.ts";

export interface NamedKind {
  readonly group: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const { forbidden, invalid, required, tooLong } = fieldCause;
const ANNOTATIONS_MAX = 256 * 1024;
const RBAC = "rbac.authorization.k8s.io";
const FINALIZER_PAIR = ["foregroundDeletion", "orphan"];

function nameProblems(kind: NamedKind, name: string): string[] {
  if (kind.group === "" && (kind.kind === "Namespace" || kind.kind === "Service")) return labelProblems(name);
  return kind.group === RBAC ? pathSegmentProblems(name) : subdomainProblems(name);
}

/** A generated name may end in what a name may not: something follows. */
const asPrefix = (text: string): string => text.replace(/-+$/, "a");

const each = (field: string, value: unknown, problems: readonly string[]): Cause[] => problems.map((problem) => invalid(field, value, problem));
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function checkNames(kind: NamedKind, metadata: Fields): Cause[] {
  const causes: Cause[] = [];
  const [name, prefix, namespace] = [textOf(metadata["name"]), textOf(metadata["generateName"]), textOf(metadata["namespace"])];
  if (prefix !== "") causes.push(...each("metadata.generateName", prefix, nameProblems(kind, asPrefix(prefix))));
  if (name === "") causes.push(required("metadata.name", "name or generateName is required"));
  else causes.push(...each("metadata.name", name, nameProblems(kind, name)));
  if (!kind.namespaced && namespace !== "") causes.push(forbidden("metadata.namespace", "not allowed on this type"));
  if (kind.namespaced && namespace === "") causes.push(required("metadata.namespace", ""));
  if (kind.namespaced && namespace !== "") causes.push(...each("metadata.namespace", namespace, labelProblems(namespace)));
  return causes;
}

function checkLabels(labels: unknown): Cause[] {
  return Object.entries(isFields(labels) ? labels : {}).flatMap(([key, value]) => [
    ...each("metadata.labels", key, qualifiedNameProblems(key)),
    ...each("metadata.labels", value, labelValueProblems(textOf(value))),
  ]);
}

function checkAnnotations(annotations: unknown): Cause[] {
  const entries = Object.entries(isFields(annotations) ? annotations : {});
  const causes = entries.flatMap(([key]) => each("metadata.annotations", key, qualifiedNameProblems(key.toLowerCase())));
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(textOf(value)), 0);
  return size > ANNOTATIONS_MAX ? [...causes, tooLong("metadata.annotations", ANNOTATIONS_MAX)] : causes;
}

function checkOwner(owner: Fields): Cause[] {
  const field = "metadata.ownerReferences";
  const causes: Cause[] = [];
  if (textOf(owner["apiVersion"]).split("/").at(-1) === "")
    causes.push(invalid(`${field}.apiVersion`, textOf(owner["apiVersion"]), "version must not be empty"));
  for (const name of ["kind", "name", "uid"]) if (textOf(owner[name]) === "") causes.push(invalid(`${field}.${name}`, "", "must not be empty"));
  if (owner["apiVersion"] === "v1" && owner["kind"] === "Event") causes.push(invalid(field, owner, "/v1, Kind=Event is disallowed from being an owner"));
  return causes;
}

function checkOwners(owners: unknown): Cause[] {
  const list = (Array.isArray(owners) ? owners : []).filter(isFields);
  const controllers = list.filter((owner) => owner["controller"] === true).map((owner) => `${textOf(owner["kind"])}/${textOf(owner["name"])}`);
  const causes = list.flatMap(checkOwner);
  if (controllers.length < 2) return causes;
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]} and ${controllers[1]}`;
  return [...causes, invalid("metadata.ownerReferences", owners, detail)];
}

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(["kubernetes", ...FINALIZER_PAIR]);

/** Built-in kinds take a finalizer without a domain only when it is one of Kubernetes' own; other kinds take any. */
function checkStandard(kind: NamedKind, finalizers: readonly string[]): Cause[] {
  if (kind.group === "apiextensions.k8s.io" || !builtinSchema(kind.group, "v1", kind.kind)) return [];
  const detail = "name is neither a standard finalizer name nor is it fully qualified";
  return finalizers.flatMap((name, index) =>
    name.includes("/") || STANDARD_FINALIZERS.has(name) ? [] : [invalid(`metadata.finalizers[${index}]`, name, detail)],
  );
}

function checkFinalizers(kind: NamedKind, finalizers: unknown): Cause[] {
  const list = (Array.isArray(finalizers) ? finalizers : []).map(textOf);
  const causes = [...list.flatMap((name) => each("metadata.finalizers", name, qualifiedNameProblems(name))), ...checkStandard(kind, list)];
  if (!FINALIZER_PAIR.every((name) => list.includes(name))) return causes;
  return [...causes, invalid("metadata.finalizers", list, "finalizer orphan and foregroundDeletion cannot be both set")];
}

/** What an update may not change; the pipeline has restored most of it already. */
function checkUnchanged(metadata: Fields, old: Fields): Cause[] {
  const immutable = ["name", "namespace", "uid", "creationTimestamp"].filter((name) => (metadata[name] ?? "") !== (old[name] ?? ""));
  return immutable.map((name) => invalid(`metadata.${name}`, metadata[name] ?? "", "field is immutable"));
}

/** Name, namespace, labels, annotations, finalizers and owner references of any object; on update also what may not change. */
export function validateMetadata(kind: NamedKind, object: KubeObject, old: KubeObject | undefined): Cause[] {
  const metadata = object.metadata as Fields;
  return [
    ...(old ? checkUnchanged(metadata, old.metadata as Fields) : checkNames(kind, metadata)),
    ...checkLabels(metadata["labels"]),
    ...checkAnnotations(metadata["annotations"]),
    ...checkOwners(metadata["ownerReferences"]),
    ...checkFinalizers(kind, metadata["finalizers"]),
  ];
}
