import { ANNOTATION, LABEL } from "../../base/index.ts";
import type { KubeObject, Stored } from "../../kube/index.ts";
import type { Problem } from "../problem.ts";
import type { RepositoryObject } from "../repository-object.ts";
import type { InventoryEntry, Overridden } from "./inventory.ts";
import { type Owner, ownerLabel, ownerLabels, ownerOf, type Self } from "./ownership.ts";
import { existingRunSpec, newRunSpec, runDigest } from "./run-manifest.ts";
import { strayFields } from "./stray-fields.ts";
import { sharedFieldsToOmit, sharedValues, specOf } from "./shared-fields.ts";

export interface PlanContext {
  readonly self: Self;
  /** `main@sha1:…` */
  readonly revision: string;
}

/** A server-side apply. `entry` is what the inventory holds once it has succeeded, but for uid and generation, which the answer gives. */
export interface Apply {
  readonly kind: "apply";
  readonly object: RepositoryObject;
  readonly body: KubeObject;
  /** Fails when anybody else owns a field: only for objects that must not exist yet. */
  readonly force: boolean;
  /** Whether the paths in the manifest are to be resolved; a Run resolves them once, when it is created. */
  readonly resolve: boolean;
  /** JSON merge patch of `spec` that takes out what others added; sent before the apply. */
  readonly clear: Readonly<Record<string, unknown>> | undefined;
  readonly entry: InventoryEntry;
  readonly overridden: readonly Overridden[];
}

export type ObjectPlan =
  | { readonly kind: "unchanged"; readonly problems: readonly Problem[] }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] }
  /** A Run that has been run and is not there any more. */
  | { readonly kind: "gone" }
  /** It is being deleted: later. */
  | { readonly kind: "later"; readonly reason: string }
  | (Apply & { readonly problems: readonly Problem[] });

const sourceOf = ({ file, position }: RepositoryObject): string => `${file}:${position.line}`;

function includes(found: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>> | undefined): boolean {
  return wanted === undefined || Object.entries(wanted).every(([key, value]) => found[key] === value);
}

/** The revision that is written on an object: that of its last change, so that a commit which does not touch it does not either. */
function revisionFor(object: RepositoryObject, entry: InventoryEntry | undefined, context: PlanContext): string {
  return (entry?.digest === object.digest ? entry.revision : undefined) ?? context.revision;
}

/** By this the archive finds a Run again that was made from the same manifest. */
function manifestMark(object: RepositoryObject, entry: InventoryEntry | undefined): Record<string, string> {
  return object.kind === "Run" ? { [ANNOTATION.manifest]: entry?.run ?? runDigest(object.object) } : {};
}

function metadataFor(object: RepositoryObject, entry: InventoryEntry | undefined, context: PlanContext) {
  const { labels, annotations } = object.object.metadata;
  return {
    labels: { ...labels, ...ownerLabels(context.self) },
    annotations: {
      ...annotations,
      [ANNOTATION.source]: sourceOf(object),
      [ANNOTATION.revision]: revisionFor(object, entry, context),
      ...manifestMark(object, entry),
    },
  };
}

/** Nothing to do: git has not changed and nobody has written since our apply. Needs no managedFields. */
export function isSettled(object: RepositoryObject, entry: InventoryEntry | undefined, live: Stored | undefined, context: PlanContext): boolean {
  if (!entry || !live || entry.digest !== object.digest || entry.uid !== live.metadata.uid || live.metadata.deletionTimestamp !== undefined) return false;
  return entry.generation === live.metadata.generation && hasOurMetadata(object, entry, live, context);
}

function hasOurMetadata(object: RepositoryObject, entry: InventoryEntry, live: Stored, context: PlanContext): boolean {
  const { labels = {}, annotations = {} } = live.metadata;
  return (
    labels[LABEL.syncUid] === context.self.uid &&
    labels[LABEL.sync] === ownerLabel(context.self) &&
    annotations[ANNOTATION.source] === sourceOf(object) &&
    annotations[ANNOTATION.revision] === entry.revision &&
    includes(annotations, manifestMark(object, entry)) &&
    includes(labels, object.object.metadata.labels) &&
    includes(annotations, object.object.metadata.annotations)
  );
}

/** Plans one object. `live` must be fresh and carry its managedFields, unless `isSettled` already says that nothing is to be done. */
export function planObject(object: RepositoryObject, entry: InventoryEntry | undefined, live: Stored | undefined, context: PlanContext): ObjectPlan {
  if (isSettled(object, entry, live, context)) return { kind: "unchanged", problems: [] };
  if (object.kind === "Run") return planRun(object, entry, live, context);
  if (!live) return apply(object, entry, undefined, context, specOf(object.object));
  if (live.metadata.deletionTimestamp !== undefined) return { kind: "later", reason: `${object.kind} ${object.name} is being deleted` };
  const owner = ownerOf(live, context.self);
  if (owner.kind === "other") return { kind: "refused", problems: [ownedByAnother(object, owner)] };
  const { omit, overridden } = sharedFieldsToOmit(object.object, entry, live);
  const spec = Object.fromEntries(Object.entries(specOf(object.object)).filter(([field]) => !omit.has(field)));
  return apply(object, entry, live, context, spec, overridden);
}

function apply(
  object: RepositoryObject,
  entry: InventoryEntry | undefined,
  live: Stored | undefined,
  context: PlanContext,
  spec: Readonly<Record<string, unknown>>,
  overridden: readonly Overridden[] = [],
): Extract<ObjectPlan, { kind: "apply" }> {
  const { apiVersion, kind, namespace, name } = { ...object, apiVersion: object.object.apiVersion };
  const isRun = kind === "Run";
  const metadata = {
    name,
    ...(namespace === "" ? {} : { namespace }),
    // A Run that was deleted must not come back: with its uid the server refuses to create it.
    ...(isRun && live ? { uid: live.metadata.uid } : {}),
    ...metadataFor(object, entry, context),
  };
  const shared = sharedValues(object.object);
  const next: InventoryEntry = {
    kind,
    namespace,
    name,
    digest: object.digest,
    revision: revisionFor(object, entry, context),
    source: sourceOf(object),
    ...(isRun ? { run: entry?.run ?? runDigest(object.object) } : {}),
    ...(shared ? { shared } : {}),
    ...(overridden.length > 0 ? { overridden } : {}),
  };
  const body: KubeObject = { apiVersion, kind, metadata, spec };
  return {
    kind: "apply",
    object,
    body,
    force: !isRun || live !== undefined,
    resolve: !isRun || live === undefined,
    clear: live && !isRun ? strayFields(live, body) : undefined,
    entry: next,
    overridden,
    problems: [],
  };
}

function complaint(object: RepositoryObject, code: string, message: string, severity: Problem["severity"] = "error"): Problem {
  const { kind, namespace, name } = object;
  return { code, message, severity, file: object.file, ...object.position, object: { kind, name, ...(namespace === "" ? {} : { namespace }) } };
}

function ownedByAnother(object: RepositoryObject, owner: Extract<Owner, { name: string }>): Problem {
  return complaint(object, "OwnedByAnother", `${object.kind} ${object.name} is managed by ${owner.name}: remove it here or there`);
}

function planRun(object: RepositoryObject, entry: InventoryEntry | undefined, live: Stored | undefined, context: PlanContext): ObjectPlan {
  const hasRun = entry?.uid !== undefined;
  if (hasRun && entry.uid !== live?.metadata.uid) return { kind: "gone" };
  if (!live) return apply(object, entry, undefined, context, newRunSpec(object.object));
  const owner = ownerOf(live, context.self);
  if (owner.kind === "other") return { kind: "refused", problems: [ownedByAnother(object, owner)] };
  if (!hasRun && owner.kind === "nobody") return { kind: "refused", problems: [nameTaken(object)] };
  if (entry?.run !== undefined && entry.run !== runDigest(object.object)) return { kind: "refused", problems: [runImmutable(object)] };
  if (live.metadata.deletionTimestamp !== undefined) return { kind: "later", reason: `Run ${object.name} is being deleted` };
  const { omit, overridden } = sharedFieldsToOmit(object.object, entry, live);
  const { spec, signalsGiven } = existingRunSpec(object.object, live, omit);
  const warnings = signalsGiven.map((node) =>
    complaint(object, "SignalAlreadyGiven", `the signal of ${node} was given before and another value; a signal is given once`, "warning"),
  );
  return { ...apply(object, entry, live, context, spec, overridden), problems: warnings };
}

function nameTaken(object: RepositoryObject): Problem {
  return complaint(object, "RunNameTaken", `a Run ${object.name} exists in ${object.namespace} that this repository did not start: give this one another name`);
}

function runImmutable(object: RepositoryObject): Problem {
  const { workflow, task } = specOf(object.object);
  const target = String(workflow ?? task ?? "<workflow>");
  return complaint(
    object,
    "RunImmutable",
    `Run ${object.name} already ran and cannot change; give it a new name, use \`reuse\`, or: flyteops run ${target} -i <name>=<value>`,
  );
}
