import type { Json, JsonObject } from "../../base/index.ts";
import type { BlobStore } from "../../blobs/index.ts";
import { defaultOf, formOf, parametersOfPlan, type PlanParameter } from "../../engine/index.ts";
import type { Literal } from "../../proto/index.ts";
import { acceptsNone, isProblems, literalOf, type Parameter, printType } from "../../values/index.ts";
import { DataFailure } from "./failures.ts";
import { noneOf } from "./resolve-value.ts";
import { contentLiteral } from "./stored-values.ts";

function authoredLiteral({ name, type }: Parameter, authored: Json): Literal {
  const literal = literalOf(type, authored);
  if (!isProblems(literal)) return literal;
  const said = literal.map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message));
  throw new DataFailure("InvalidInput", `input ${name}: ${said.join("; ")}`);
}

function given(blobs: BlobStore, remote: ReadonlyMap<string, Literal>, parameter: Parameter, authored: Json): Literal {
  const form = formOf(authored);
  if ("problem" in form) throw new DataFailure("InvalidInput", `input ${parameter.name}: ${form.problem}`);
  if (form.form === "literal" || form.form === "value") return authoredLiteral(parameter, form.value);
  const found = form.form === "uri" ? remote.get(parameter.name) : undefined;
  if (found) return found;
  if ((form.form !== "file" && form.form !== "directory") || !("object" in form))
    throw new DataFailure("InvalidInput", `input ${parameter.name}: a Run has no ${form.form}`);
  const digest = typeof form.object["digest"] === "string" ? form.object["digest"] : "";
  return contentLiteral(blobs, parameter.type, { digest, path: String(form.value), directory: form.form === "directory" });
}

/**
 * The run's inputs, whole: what was given, checked and coerced, and defaults for the rest. `remote` holds those given as `{uri: …}`.
 * Throws DataFailure naming every problem.
 */
export function runInputs(
  blobs: BlobStore,
  declared: Readonly<Record<string, PlanParameter>>,
  authored: JsonObject,
  remote: ReadonlyMap<string, Literal>,
): Record<string, Literal> {
  const parameters = parametersOfPlan(declared);
  const literals: Record<string, Literal> = {};
  const problems: DataFailure[] = [];
  const attempt = (make: () => void): void => {
    try {
      make();
    } catch (thrown) {
      if (!(thrown instanceof DataFailure)) throw thrown;
      problems.push(thrown);
    }
  };
  for (const name of Object.keys(authored))
    if (!Object.hasOwn(declared, name))
      problems.push(new DataFailure("InvalidInput", `there is no input ${name}; there is ${Object.keys(declared).join(", ") || "none"}`));
  for (const parameter of parameters) {
    const { name, type } = parameter;
    attempt(() => {
      const own = Object.hasOwn(authored, name) ? authored[name] : undefined;
      if (own !== undefined) literals[name] = given(blobs, remote, parameter, own);
      else if (parameter.default !== undefined) literals[name] = authoredLiteral(parameter, defaultOf(parameter.default));
      else if (acceptsNone(type)) literals[name] = noneOf(type);
      else throw new DataFailure("InvalidInput", `the input ${name} (${printType(type)}) is not given`);
    });
  }
  const [first, ...more] = problems;
  if (!first) return literals;
  throw new DataFailure(first.error.code, [first, ...more].map(({ message }) => message).join("; "));
}
