/** What is wrong, and exactly where. Lines and columns count from 1; `file` is relative to the repository root, with forward slashes. */
export interface Problem {
  /** CamelCase, stable: tools may match on it. */
  readonly code: string;
  readonly message: string;
  readonly severity: "error" | "warning";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly object?: { readonly kind: string; readonly namespace?: string; readonly name: string };
}

/** Where something stands in a file. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Messages quote what a repository holds, which may be megabytes. */
const MESSAGE_MAX = 4_096;

function shortened(problem: Problem): Problem {
  return problem.message.length <= MESSAGE_MAX ? problem : { ...problem, message: `${problem.message.slice(0, MESSAGE_MAX).replace(/[\ud800-\udbff]$/, "")}…` };
}

/** By file, line, column, code, message: the same repository always reports in the same order. Exact repetitions are dropped. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const sorted = problems
    .map(shortened)
    .sort(
      (left, right) =>
        compareText(left.file, right.file) ||
        left.line - right.line ||
        left.column - right.column ||
        compareText(left.code, right.code) ||
        compareText(left.message, right.message),
    );
  return sorted.filter((problem, index) => index === 0 || formatProblem(problem) !== formatProblem(sorted[index - 1] ?? problem));
}

/** `file:line:column: message`, the form of every report. */
export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

export function isError(problem: Problem): boolean {
  return problem.severity === "error";
}
