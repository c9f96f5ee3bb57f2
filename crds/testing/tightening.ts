import { type Fields, fieldsOf, isFields, jsonEqual } from "../../base/index.ts";

/** A schema as it stands in a CustomResourceDefinition. */
type Schema = Fields;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isOpen = (schema: Schema): boolean => schema["x-kubernetes-preserve-unknown-fields"] === true;

/** Limits that may only grow, and limits that may only shrink; either may vanish, neither may appear. */
const UPPER = ["maximum", "maxLength", "maxItems", "maxProperties"] as const;
const LOWER = ["minimum", "minLength", "minItems", "minProperties"] as const;
/** Words that may vanish and not change otherwise: whether another one lets the same values through cannot be told. */
const FIXED = ["pattern", "format", "multipleOf", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum", "not", "oneOf", "anyOf", "allOf"] as const;
/** Words that may not change at all: they say how apply merges and where a value comes from. */
const SAME = ["x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type", "x-kubernetes-embedded-resource"] as const;

function typeProblem(before: Schema, after: Schema): string[] {
  const [was, is] = [before["type"], after["type"]];
  if (was === is || is === undefined) return [];
  if (was === "integer" && is === "number") return [];
  if (after["x-kubernetes-int-or-string"] === true && (was === "string" || was === "integer")) return [];
  return [`type is ${String(is)}, was ${was === undefined ? "open" : String(was)}`];
}

function limitProblems(before: Schema, after: Schema): string[] {
  const problems: string[] = [];
  const check = (word: string, tighter: (was: number, is: number) => boolean): void => {
    const [was, is] = [before[word], after[word]];
    if (is === undefined) return;
    if (was === undefined) problems.push(`${word} ${String(is)} is new`);
    else if (tighter(Number(was), Number(is))) problems.push(`${word} is ${String(is)}, was ${String(was)}`);
  };
  for (const word of UPPER) check(word, (was, is) => is < was);
  for (const word of LOWER) check(word, (was, is) => is > was);
  return problems;
}

function wordProblems(before: Schema, after: Schema): string[] {
  const changed = FIXED.filter((word) => after[word] !== undefined && !jsonEqual(before[word], after[word]));
  const merging = SAME.filter((word) => !jsonEqual(before[word] ?? null, after[word] ?? null));
  return [
    ...changed.map((word) => `${word} ${before[word] === undefined ? "is new" : "is another one"}`),
    ...merging.map((word) => `${word} is ${JSON.stringify(after[word])}, was ${JSON.stringify(before[word])}`),
    ...(before["nullable"] === true && after["nullable"] !== true ? ["null is refused"] : []),
    ...(isOpen(before) && !isOpen(after) ? ["unknown fields are dropped"] : []),
  ];
}

function enumProblems(before: Schema, after: Schema): string[] {
  if (after["enum"] === undefined) return [];
  if (before["enum"] === undefined) return ["enum is new"];
  const missing = listOf(before["enum"]).filter((value) => !listOf(after["enum"]).some((each) => jsonEqual(each, value)));
  return missing.map((value) => `enum has no ${JSON.stringify(value)} any more`);
}

function ruleProblems(before: Schema, after: Schema): string[] {
  const ruleOf = (each: unknown): string => String(fieldsOf(each)["rule"]);
  const known = new Set(listOf(before["x-kubernetes-validations"]).map(ruleOf));
  return listOf(after["x-kubernetes-validations"])
    .filter((each) => !known.has(ruleOf(each)))
    .map((each) => `rule is new: ${ruleOf(each)}`);
}

function requiredProblems(before: Schema, after: Schema): string[] {
  const known = new Set(listOf(before["required"]));
  const filled = (name: string): boolean => fieldsOf(fieldsOf(after["properties"])[name])["default"] !== undefined;
  return listOf(after["required"])
    .map(String)
    .filter((name) => !known.has(name) && !filled(name))
    .map((name) => `${name} is required now`);
}

/** A default that is another one gives old manifests another meaning; a new one, where nothing stood before, is the reader's business. */
function defaultProblems(before: Schema, after: Schema): string[] {
  if (before["default"] === undefined || jsonEqual(before["default"], after["default"])) return [];
  return [`default is ${JSON.stringify(after["default"])}, was ${JSON.stringify(before["default"])}`];
}

function propertyProblems(before: Schema, after: Schema, path: string): string[] {
  const [was, is] = [fieldsOf(before["properties"]), fieldsOf(after["properties"])];
  const shut = !isOpen(after) && !isFields(after["additionalProperties"]);
  const gone = shut ? Object.keys(was).filter((name) => !(name in is)) : [];
  // Below an open object anything was allowed: what is declared there now restricts it.
  const closed = isOpen(before) ? Object.keys(is).filter((name) => !(name in was)) : [];
  return [
    ...gone.map((name) => `${path}.${name}: is gone`),
    ...closed.map((name) => `${path}.${name}: anything was allowed here`),
    ...Object.entries(was).flatMap(([name, schema]) => (name in is ? schemaTightenings(fieldsOf(schema), fieldsOf(is[name]), `${path}.${name}`) : [])),
  ];
}

function childProblems(before: Schema, after: Schema, path: string): string[] {
  const problems: string[] = [];
  for (const [word, suffix] of [
    ["items", "[]"],
    ["additionalProperties", ".*"],
  ] as const) {
    const [was, is] = [before[word], after[word]];
    if (isFields(was) && isFields(is)) problems.push(...schemaTightenings(was, is, `${path}${suffix}`));
    else if (is !== undefined && is !== true && was === undefined && (word === "items" || isOpen(before)))
      problems.push(`${path}${suffix}: anything was allowed here`);
    else if (was !== undefined && was !== false && (is === undefined || is === false) && !isOpen(after)) problems.push(`${path}${suffix}: is gone`);
  }
  return problems;
}

/** What a schema refuses, drops or understands otherwise that the schema before it took: sentences with their path; none when it was only loosened. */
export function schemaTightenings(before: Schema, after: Schema, path: string): string[] {
  const here = [typeProblem, limitProblems, wordProblems, enumProblems, ruleProblems, requiredProblems, defaultProblems].flatMap((check) =>
    check(before, after),
  );
  return [...here.map((problem) => `${path}: ${problem}`), ...propertyProblems(before, after, path), ...childProblems(before, after, path)];
}

interface Version extends Fields {
  readonly name: string;
}

function versionProblems(before: Version, after: Version | undefined): string[] {
  if (!after) return [`version ${before.name} is gone`];
  const schemaOf = (version: Version): Schema => fieldsOf(fieldsOf(version["schema"])["openAPIV3Schema"]);
  const selectable = new Set(listOf(after["selectableFields"]).map((each) => fieldsOf(each)["jsonPath"]));
  const subresources = Object.keys(fieldsOf(before["subresources"])).filter((name) => !(name in fieldsOf(after["subresources"])));
  return [
    ...(before["served"] === true && after["served"] !== true ? [`version ${before.name} is not served`] : []),
    ...(before["storage"] === true && after["storage"] !== true ? [`version ${before.name} is not stored: objects of it need a migration`] : []),
    ...subresources.map((name) => `version ${before.name} has no subresource ${name}`),
    ...listOf(before["selectableFields"])
      .map((each) => fieldsOf(each)["jsonPath"])
      .filter((field) => !selectable.has(field))
      .map((field) => `version ${before.name} cannot be selected by ${String(field)}`),
    ...schemaTightenings(schemaOf(before), schemaOf(after), before.name),
  ];
}

/** The same of whole CustomResourceDefinitions. */
export function tightenings(before: Fields, after: Fields): string[] {
  const [was, is] = [fieldsOf(before["spec"]), fieldsOf(after["spec"])];
  const names = ["kind", "plural"].filter((word) => fieldsOf(was["names"])[word] !== fieldsOf(is["names"])[word]);
  const fixed = ["group", "scope"].filter((word) => was[word] !== is[word]);
  const versions = listOf(is["versions"]) as Version[];
  return [
    ...[...fixed, ...names].map((word) => `${word} is another one`),
    ...(listOf(was["versions"]) as Version[]).flatMap((version) =>
      versionProblems(
        version,
        versions.find(({ name }) => name === version.name),
      ),
    ),
  ];
}
