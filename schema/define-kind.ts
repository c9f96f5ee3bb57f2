import { list, integer, object, oneOf, string, timestamp } from "./build.ts";
import { checkerOf } from "./check.ts";
import { crdManifest } from "./crd.ts";
import { editorSchema } from "./editor.ts";
import type { Column, CommonStatus, Kind, ObjectForm, PathIn } from "./kind.ts";
import { parseObject } from "./parse.ts";
import type { Shape, TypedRule } from "./shape.ts";

interface Definition<K extends string, Spec, A, Status, Conditions extends string> {
  readonly group: string;
  readonly version: string;
  readonly kind: K;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly doc: string;
  readonly spec: Shape<Spec, A>;
  readonly status: Shape<Status>;
  readonly conditions: Readonly<Record<Conditions, string>>;
  readonly columns: readonly Column<PathIn<ObjectForm<K, Spec, Status & CommonStatus>>, NoInfer<Conditions>>[];
  readonly rules?: readonly TypedRule<ObjectForm<K, Spec, Status>>[];
}

const condition = object({
  type: string({
    maxLength: 316,
    pattern: "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
  }).doc("Which aspect of the object this is about."),
  status: oneOf("True", "False", "Unknown").doc("Whether the condition holds."),
  reason: string({ maxLength: 1024, minLength: 1, pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$" }).doc("Why, in one CamelCase word."),
  message: string({ maxLength: 32768 }).doc("Why, in a sentence for people."),
  lastTransitionTime: timestamp().doc("When the status last changed."),
  observedGeneration: integer({ minimum: 0 }).optional().doc("The metadata.generation that this was concluded from."),
});

/** Adds what every status has. */
function withCommonStatus<Status>(status: Shape<Status>): Shape<Status & CommonStatus> {
  const common = object({
    observedGeneration: integer().optional().doc("The metadata.generation that this status was concluded from; -1 until a controller has seen the object."),
    conditions: list(condition, { max: 64, merge: ["type"] })
      .optional()
      .doc("What is true of this object now."),
  });
  if (status.node.kind !== "object" || common.node.kind !== "object") throw new Error("a status is an object");
  return { ...status, node: { ...status.node, fields: { ...common.node.fields, ...status.node.fields } } } as Shape<Status & CommonStatus>;
}

/**
 * Declares a kind once. A column that names no field of the object, or a condition that is not declared, does not compile.
 * Everything generated (CRD, editor schema, reference page) and every check comes from the returned value.
 */
export function defineKind<const K extends string, Spec, A, Status, const Conditions extends string>(
  definition: Definition<K, Spec, A, Status, Conditions>,
): Kind<K, Spec, A, Status, Conditions> {
  const kind: Kind<K, Spec, A, Status, Conditions> = {
    ...definition,
    singular: definition.kind.toLowerCase(),
    status: withCommonStatus(definition.status),
    rules: definition.rules ?? [],
    crd: () => crdManifest(kind),
    jsonSchema: () => editorSchema(kind),
    check: (candidate, old) => check(candidate, old),
    parse: (candidate) => parseObject(kind, candidate) as ReturnType<typeof kind.parse>,
  };
  const check = checkerOf(kind);
  return kind;
}
