import { list, object, string } from "../schema/index.ts";
import { digest, revision } from "./names.ts";

/** What a definition was compiled to. */
export const planReference = object({
  digest: digest().doc("Digest of the compiled plan in the object store."),
  revision: revision().optional().doc("Revision of the repository that the definition came from."),
});

const definitionProblem = object({
  path: string().optional().doc("Field the problem is in, e.g. spec.nodes.train.inputs.rate."),
  code: string({ maxLength: 128 }).doc("What kind of problem, in one CamelCase word."),
  message: string({ maxLength: 4096 }).doc("What is wrong and what to write instead."),
  severity: string({ maxLength: 16 }).optional().doc("error or warning."),
});

export const definitionProblems = list(definitionProblem, { max: 100 });

export const definitionConditions = {
  Ready: "The definition compiled and can be run.",
  Reconciling: "The definition is being compiled.",
  Stalled: "The definition has problems that an edit must solve.",
  Compiled: "Names, types and graph are right; status.plan names the result.",
} as const;
