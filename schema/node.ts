import type { Json } from "../base/index.ts";

/**
 * A rule about one value, said twice: in CEL for the API server, and in TypeScript for validation before a cluster is asked.
 * A rule without `cel` is one that the server cannot be told (keys of a map of untyped values, say); a rule without `check`
 * is one that the walk over the shape implies already.
 */
export interface Rule {
  readonly cel?: string;
  /** `self` is the value with its defaults, `old` the stored one before it (undefined on create). True when the rule holds. */
  check?(self: unknown, old: unknown): boolean;
  /** One sentence that says what to write instead. */
  readonly message: string;
  /** Of what may stand only once, what was found; ends the sentence where validation can say it. */
  found?(self: unknown): readonly string[];
  /** True for rules that compare with the stored value. They are skipped on create. */
  readonly transition?: boolean;
  /** Where the problem is, below the value that carries the rule. */
  readonly at?: readonly string[];
}

interface Facts {
  /** One line for `kubectl explain` and the reference pages. Every field has one, or generation fails. */
  readonly doc?: string;
  readonly default?: Json;
  readonly optional?: boolean;
  /** May be set on create and never changed, added or removed. */
  readonly immutable?: boolean;
  readonly rules?: readonly Rule[];
  /** Of a configuration: a running program takes a new value over. */
  readonly reloadable?: boolean;
  /** Name under `$defs` in the editor schema: said once there, referred to everywhere. */
  readonly name?: string;
}

export interface StringNode extends Facts {
  readonly kind: "string";
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: "date-time" | "byte";
  /** What a text that does not match should look like, for the message: `a duration such as 30s or 1h30m`. */
  readonly expects?: string;
}

export interface NumberNode extends Facts {
  readonly kind: "integer" | "number";
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface BooleanNode extends Facts {
  readonly kind: "boolean";
}

/** A Kubernetes quantity: a whole number, or text such as `500m` or `2Gi`. */
export interface QuantityNode extends Facts {
  readonly kind: "quantity";
}

/** Text or an object whose `text` field says the same (`float` or `{type: float, default: 0.1}`). */
export interface TextOrObjectNode extends Facts {
  readonly kind: "text-or-object";
  readonly text: StringNode;
  readonly object: ObjectNode;
}

export interface ObjectNode extends Facts {
  readonly kind: "object";
  readonly fields: Readonly<Record<string, Node>>;
}

export interface ListNode extends Facts {
  readonly kind: "list";
  readonly items: Node;
  readonly minItems?: number;
  readonly maxItems: number;
  /** How server-side apply merges: as one value, as a set of scalars, or by the named key fields. */
  readonly merge: "atomic" | "set" | readonly string[];
}

export interface MapNode extends Facts {
  readonly kind: "map";
  readonly values: Node;
  readonly minProperties?: number;
  readonly maxProperties: number;
  readonly atomic?: boolean;
  readonly keys?: KeyRule;
}

/** What the keys of a map look like. The structural schema cannot say it; validation does. */
export interface KeyRule {
  readonly pattern: string;
  /** For the message: `an input name: a letter, then letters, digits or _`. */
  readonly expects: string;
  /** Words that match and are still refused, with the reason. */
  readonly reserved?: readonly string[];
  /** Refuses two keys that differ only in case. */
  readonly distinctIgnoringCase?: boolean;
}

/** An object whose fields belong to somebody else (a pod, a Spark job): kept as written. `values` marks a map of authored values. */
export interface OpenNode extends Facts {
  readonly kind: "open";
  readonly values?: ValueForm;
  readonly keys?: KeyRule;
}

/** Any JSON value: an authored value or literal. */
export interface AnyNode extends Facts {
  readonly kind: "any";
  readonly values?: ValueForm;
}

/**
 * Which forms an authored value may take. `binding` may refer to other nodes (`from`, `expr`, `firstOf`); `literal` may not; `template` only to parameters of the GitSync.
 */
export type ValueForm = "binding" | "literal" | "template";

export type Node = StringNode | NumberNode | BooleanNode | QuantityNode | TextOrObjectNode | ObjectNode | ListNode | MapNode | OpenNode | AnyNode;
