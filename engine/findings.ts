import type { Problem, ProblemCode } from "./problem.ts";

export type FieldPath = readonly (string | number)[];

/** Collects problems of one object. `at` gives the same collector, one field further in. */
export interface Findings {
  readonly path: FieldPath;
  at(...segments: FieldPath): Findings;
  error(code: ProblemCode, message: string): void;
  warning(code: ProblemCode, message: string): void;
}

/** Problems of `object` are appended to `into`. */
export function findings(object: Problem["object"], into: Problem[], path: FieldPath = []): Findings {
  const add = (severity: Problem["severity"], code: ProblemCode, message: string): void => void into.push({ code, message, path, severity, object });
  return {
    path,
    at: (...segments) => findings(object, into, [...path, ...segments]),
    error: (code, message) => add("error", code, message),
    warning: (code, message) => add("warning", code, message),
  };
}

/** `spec.nodes.train.inputs.rate`; a segment that is no plain name is quoted. */
export function pathText(path: FieldPath): string {
  return path
    .map((segment, at) => {
      if (typeof segment === "number") return `[${segment}]`;
      if (!/^[A-Za-z_][-A-Za-z0-9_]*$/.test(segment)) return `[${JSON.stringify(segment)}]`;
      return at === 0 ? segment : `.${segment}`;
    })
    .join("");
}
