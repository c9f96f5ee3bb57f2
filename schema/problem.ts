import { TerminalFailure } from "../base/index.ts";

/** One thing wrong with an object: where, what, and what to write instead. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** CamelCase, closed set: see `PROBLEM_CODES`. */
  readonly code: ProblemCode;
}

export const PROBLEM_CODES = [
  "UnknownField",
  "MissingField",
  "WrongType",
  "NotAllowed",
  "BadFormat",
  "OutOfRange",
  "TooLong",
  "BadName",
  "Duplicate",
  "RuleViolated",
  "Immutable",
  "StatusNotAllowed",
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** `spec.nodes["train-fold"].after[0]` */
export function pathText(path: readonly (string | number)[]): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}

/** An object that does not fit its kind. */
export class InvalidObject extends TerminalFailure {
  readonly problems: readonly Problem[];
  constructor(subject: string, problems: readonly Problem[]) {
    super("Invalid", `${subject} is invalid: ${problems.map(({ path, message }) => `${pathText(path)}: ${message}`).join("; ")}`);
    this.problems = problems;
  }
}
