import { dataUriProblem, type JsonObject, namespaceOf, prefixProblem } from "../../base/index.ts";
import { type Candidate, error } from "./candidate.ts";
import type { DefinitionElsewhere } from "./definitions-check.ts";
import { givenForms } from "./references.ts";

interface Allowed {
  readonly project: string;
  readonly prefixes: readonly string[];
}

function addNamespaces(into: Map<string, Allowed>, project: string, spec: JsonObject): void {
  const domains = Array.isArray(spec["domains"]) ? (spec["domains"] as string[]) : [];
  const prefixes = Array.isArray(spec["dataPrefixes"]) ? (spec["dataPrefixes"] as string[]) : [];
  for (const domain of domains) into.set(namespaceOf({ project, domain }), { project, prefixes });
}

/** By namespace, as far as its Project is known. One in the repository wins over one in the cluster. */
function allowedByNamespace(candidates: readonly Candidate[], elsewhere: readonly DefinitionElsewhere[]): ReadonlyMap<string, Allowed> {
  const allowed = new Map<string, Allowed>();
  for (const { kind, name, spec } of elsewhere) if (kind === "Project") addNamespaces(allowed, name, spec);
  for (const { identity, spec } of candidates) if (identity.kind === "Project" && spec) addNamespaces(allowed, identity.name, spec);
  return allowed;
}

/** A prefix that can allow nothing. */
function checkPrefixes({ identity, spec, found }: Candidate): void {
  const prefixes = identity.kind === "Project" ? spec?.["dataPrefixes"] : undefined;
  for (const [index, prefix] of (Array.isArray(prefixes) ? (prefixes as string[]) : []).entries()) {
    const refusal = dataUriProblem(prefix);
    if (refusal !== undefined) found.push(error(refusal.code, refusal.message, ["spec", "dataPrefixes", index]));
  }
}

/** Reports every {uri: …} that its Project does not allow, and prefixes that could allow none. Where the Project is not known, the Run finds out. */
export function checkDataUris(candidates: readonly Candidate[], elsewhere: readonly DefinitionElsewhere[]): void {
  candidates.forEach(checkPrefixes);
  const allowed = allowedByNamespace(candidates, elsewhere);
  if (allowed.size === 0) return;
  for (const { identity, object, spec, found } of candidates) {
    const here = allowed.get(identity.namespace);
    if (!here || !spec) continue;
    for (const { at, form } of givenForms(object)) {
      const { uri } = form;
      // What is no such URI at all has been said where its type was looked at.
      if (typeof uri !== "string" || dataUriProblem(uri) !== undefined) continue;
      const refusal = prefixProblem(uri, here.prefixes, here.project);
      if (refusal !== undefined) found.push(error("UriNotAllowed", refusal, [...at, "uri"]));
    }
  }
}
