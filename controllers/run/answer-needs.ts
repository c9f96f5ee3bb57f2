import { sha256 } from "../../base/index.ts";
import { BlobError, type BlobStore, type openRemoteData } from "../../blobs/index.ts";
import type { CelRequest, Evaluator } from "../../cel/index.ts";
import { celOfLiteral, isMisfit, literalOfCel, type Need, parsedType, type ValueFact } from "../../engine/index.ts";
import type { Literal } from "../../proto/index.ts";
import { decodeLiteral, pathType, pathValue, type PathValue, type Type, type ValueProblem, wrapUnion } from "../../values/index.ts";
import type { RunContext } from "./context.ts";
import { DataFailure, dataError } from "./failures.ts";
import { type RemoteInputs, remoteInputs } from "./remote-inputs.ts";
import { valueResolver, type ValueResolver } from "./resolve-value.ts";
import { type StoredValues, storedValues } from "./stored-values.ts";

export interface NeedsDeps {
  readonly blobs: BlobStore;
  readonly openRemote?: typeof openRemoteData;
  readonly evaluator: Evaluator;
}

export interface NeedsAnswerer {
  readonly resolver: ValueResolver;
  readonly stored: StoredValues;
  readonly remote: RemoteInputs;
  /** Finds out what the engine asks. Failures of data are answers; trouble of the platform is thrown. */
  answer(context: RunContext, need: Need): Promise<ValueFact>;
}

const RECORD_MAX_BYTES = 64 * 1024;

const attributeFailure = (problems: readonly ValueProblem[]): DataFailure =>
  new DataFailure(problems[0]!.code, problems.map(({ message }) => message).join("; "));

export function needsAnswerer({ blobs, openRemote, evaluator }: NeedsDeps): NeedsAnswerer {
  const stored = storedValues(blobs);
  const remote = remoteInputs(blobs, openRemote);

  async function part(context: RunContext, need: Extract<Need, { kind: "load" }>): Promise<Literal> {
    const wanted = parsedType(need.type);
    let at: PathValue | ValueProblem[] = pathValue(await resolver.value(context, need.of), need.attributes, wanted);
    while ("load" in at) at = pathValue(decodeLiteral(await stored.read(at.load)), at.attributes, wanted);
    if (!("literal" in at)) throw attributeFailure(at);
    const own = need.of.kind === "none" ? "unknown" : pathType(parsedType(need.of.type), need.attributes);
    return own === "unknown" || Array.isArray(own) ? at.literal : wrapUnion(at.literal, own as Type, wanted);
  }

  const recordKey = (context: RunContext, key: string): string => `${context.base}/expressions/${sha256(key).slice(7)}.json`;

  /** A time-out is no property of the expression: what was seen first counts, also after a restart. */
  async function recordedTimeout(context: RunContext, key: string): Promise<string | undefined> {
    try {
      return (await blobs.read(recordKey(context, key), RECORD_MAX_BYTES)).toString("utf8");
    } catch (thrown) {
      if (thrown instanceof BlobError && thrown.code === "BlobNotFound") return undefined;
      throw thrown;
    }
  }

  async function evaluate(context: RunContext, need: Extract<Need, { kind: "evaluate" }>): Promise<Literal> {
    const before = await recordedTimeout(context, need.key);
    if (before !== undefined) throw new DataFailure("ExpressionTimeout", before);
    const bindings: Record<string, CelRequest["bindings"][string]> = {};
    for (const [name, { of }] of Object.entries(need.variables)) bindings[name] = celOfLiteral(await stored.whole(await resolver.value(context, of)));
    const variables = Object.fromEntries(Object.entries(need.variables).map(([name, { cel }]) => [name, cel]));
    const result = await evaluator.evaluate({ text: need.text, variables, bindings });
    if (!result.ok) {
      const message = `${need.expr}: ${result.message}`;
      if (result.code === "ExpressionTimeout") await blobs.writeIfAbsent(recordKey(context, need.key), message);
      throw new DataFailure(result.code, message);
    }
    const literal = literalOfCel(parsedType(need.type), result.value);
    if (isMisfit(literal)) throw new DataFailure("TypeMismatch", `${need.expr}: ${literal.misfit}`);
    return literal;
  }

  async function lengths(context: RunContext, need: Extract<Need, { kind: "lengths" }>): Promise<ValueFact> {
    const found: Record<string, number> = {};
    for (const [name, resolved] of Object.entries(need.over)) {
      const { value } = await resolver.collection(context, resolved);
      if (value.case !== "collection" && value.case !== "map") throw new DataFailure("TypeMismatch", `map.over.${name} is no list, map or directory`);
      found[name] = value.case === "collection" ? value.value.literals.length : Object.keys(value.value.literals).length;
    }
    return { ok: true, lengths: found };
  }

  async function recall(context: RunContext, need: Need): Promise<Literal> {
    if (need.kind === "lengths") throw new Error("invariant violated: lengths are no value");
    const literal = need.kind === "load" ? await part(context, need) : await evaluate(context, need);
    context.memory.values.set(need.key, literal);
    return literal;
  }

  const resolver = valueResolver({ blobs, stored, remote, recall });

  async function answer(context: RunContext, need: Need): Promise<ValueFact> {
    try {
      if (need.kind === "lengths") return await lengths(context, need);
      await recall(context, need);
      return { ok: true };
    } catch (thrown) {
      const error = dataError(thrown);
      if (!error) throw thrown;
      return { ok: false, error };
    }
  }

  return {
    resolver,
    stored,
    remote,
    async answer(context, need) {
      const fact = await answer(context, need);
      context.memory.answers.set(need.key, fact);
      return fact;
    },
  };
}
