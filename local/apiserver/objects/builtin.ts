import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileStructural, type JsonSchema, type Structural } from "../../../schema/structural/index.ts";

/** A built-in kind that the embedded server serves. */
export interface BuiltinKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Name of its schema in `builtinDefinitions()`: `io.k8s.api.core.v1.Pod`. */
  readonly definition: string;
}

interface Builtins {
  readonly kinds: readonly BuiltinKind[];
  readonly definitions: Readonly<Record<string, JsonSchema>>;
  readonly compiled: Map<string, Structural>;
}

const FILE = join("local", "apiserver", "builtin-schemas.json");

/** The generated file lies beside the sources, beside the compiled modules, or above the bundle. */
function locate(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const file = join(directory, FILE);
    if (existsSync(file)) return file;
    if (directory === dirname(directory)) throw new Error(`${FILE} is missing: run "npm run prepare"`);
  }
}

let loaded: Builtins | undefined;

/** Read once, at first use: a client of the API never pays for it. */
function builtins(): Builtins {
  loaded ??= { ...(JSON.parse(readFileSync(locate(), "utf8")) as Omit<Builtins, "compiled">), compiled: new Map() };
  return loaded;
}

export function builtinKinds(): readonly BuiltinKind[] {
  return builtins().kinds;
}

/** OpenAPI definitions by name, with `$ref: "#/components/schemas/<name>"`: the material of /openapi/v3. */
export function builtinDefinitions(): Readonly<Record<string, JsonSchema>> {
  return builtins().definitions;
}

/** Undefined for a kind that is not built in. */
export function builtinSchema(group: string, version: string, kind: string): Structural | undefined {
  const { kinds, definitions, compiled } = builtins();
  const found = kinds.find((one) => one.kind === kind && one.group === group && one.version === version);
  if (!found) return undefined;
  let schema = compiled.get(found.definition);
  if (!schema) compiled.set(found.definition, (schema = compileStructural({ $ref: found.definition } as JsonSchema, { definitions })));
  return schema;
}
