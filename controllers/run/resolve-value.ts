import type { BlobStore } from "../../blobs/index.ts";
import { type MapRef, type Need, parsedType, type Resolved, type ResolvedInput } from "../../engine/index.ts";
import { type Literal } from "../../proto/index.ts";
import {
  acceptsNone,
  isProblems,
  listLiteral,
  literalOf,
  mapLiteral,
  noneLiteral,
  structLiteral,
  type Type,
  unionLiteral,
  wrapUnion,
} from "../../values/index.ts";
import type { RunContext } from "./context.ts";
import { DataFailure } from "./failures.ts";
import { runField } from "./run-fields.ts";
import type { RemoteInputs } from "./remote-inputs.ts";
import { contentLiteral, type StoredValues } from "./stored-values.ts";

export interface ValueResolver {
  /** The value in its own type; small unless its outputs.pb holds it whole. Throws DataFailure when it cannot be had. */
  value(context: RunContext, resolved: Resolved): Promise<Literal>;
  /** The value in the wire form of the type it goes to. */
  input(context: RunContext, input: ResolvedInput): Promise<Literal>;
  /** A collection to map over, loaded: a list or map literal. A directory becomes a map of its files. */
  collection(context: RunContext, resolved: Resolved): Promise<Literal>;
}

export interface ResolverDeps {
  readonly blobs: BlobStore;
  readonly stored: StoredValues;
  readonly remote: RemoteInputs;
  /** Finds a needed value out again after a restart. */
  readonly recall: (context: RunContext, need: Need) => Promise<Literal>;
}

const missing = (action: string, name: string): DataFailure => new DataFailure("OutputMissing", `${action} has no output ${name}`, "SYSTEM");

/** none, as the type holds it. */
export function noneOf(type: Type): Literal {
  return type.kind === "union" ? unionLiteral({ kind: "none" }, noneLiteral()) : noneLiteral();
}

function joined(pieces: readonly Literal[], shape: MapRef["shape"]): Literal {
  if (shape === "list") return listLiteral(pieces.flatMap(({ value }) => (value.case === "collection" ? value.value.literals : [])));
  return mapLiteral(pieces.flatMap(({ value }) => (value.case === "map" ? Object.entries(value.value.literals) : [])));
}

export function valueResolver({ blobs, stored, remote, recall }: ResolverDeps): ValueResolver {
  async function output(context: RunContext, action: string, name: string, type: string): Promise<Literal> {
    const found = context.actions.get(action);
    if (!found) throw missing(action, name);
    const { literals } = await stored.outputs(found);
    const literal = Object.hasOwn(literals, name) ? literals[name] : undefined;
    if (literal) return literal;
    const declared = parsedType(type);
    if (acceptsNone(declared)) return noneOf(declared);
    throw missing(action, name);
  }

  async function mapOutput(context: RunContext, { slices, shape }: MapRef, name: string, type: string): Promise<Literal> {
    if (slices.length === 1) return output(context, slices[0]!, name, type);
    const pieces: Literal[] = [];
    for (const slice of slices) pieces.push(await stored.whole(await output(context, slice, name, type)));
    return joined(pieces, shape);
  }

  /** As many failures as the actions' statuses name. */
  function failures(context: RunContext, { slices }: MapRef): Literal {
    let offset = 0;
    const found: Literal[] = [];
    for (const slice of slices) {
      const action = context.actions.get(slice);
      for (const { index, code, message } of action?.status?.items?.failures ?? []) found.push(structLiteral({ index: index + offset, code, message }));
      offset += action?.spec.map?.count ?? 0;
    }
    return listLiteral(found);
  }

  async function input(context: RunContext, name: string, type: string): Promise<Literal> {
    const { literals } = await stored.map(`${context.base}/inputs/inputs.pb`);
    return Object.hasOwn(literals, name) ? literals[name]! : noneOf(parsedType(type));
  }

  function literal(type: string, authored: Extract<Resolved, { kind: "literal" }>["value"]): Literal {
    const made = literalOf(parsedType(type), authored);
    if (isProblems(made)) throw new DataFailure("InvalidValue", made.map(({ message }) => message).join("; "));
    return made;
  }

  async function value(context: RunContext, resolved: Resolved): Promise<Literal> {
    switch (resolved.kind) {
      case "none":
        return noneLiteral();
      case "literal":
        return literal(resolved.type, resolved.value);
      case "blob":
        return contentLiteral(blobs, parsedType(resolved.type), resolved);
      case "remote":
        return remote.literal(context, parsedType(resolved.type), resolved.uri);
      case "input":
        return input(context, resolved.name, resolved.type);
      case "output":
        return output(context, resolved.action, resolved.name, resolved.type);
      case "mapOutput":
        return mapOutput(context, resolved.map, resolved.name, resolved.type);
      case "failures":
        return failures(context, resolved.map);
      case "run":
        return runField(context, resolved.field, resolved.error, resolved.type);
      case "value":
        return context.memory.values.get(resolved.need.key) ?? recall(context, resolved.need);
    }
  }

  return {
    value,
    async input(context, { type, from }) {
      const wanted = parsedType(type);
      if (from.kind === "none") return noneOf(wanted);
      return wrapUnion(await value(context, from), parsedType(from.type), wanted);
    },
    async collection(context, resolved) {
      const found = await stored.whole(await value(context, resolved));
      if (resolved.kind === "none" || parsedType(resolved.type).kind !== "directory") return found;
      return (await remote.filesOf(context, found)) ?? stored.filesOf(found);
    },
  };
}
