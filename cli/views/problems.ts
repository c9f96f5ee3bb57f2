import { type Problem, isError } from "../../gitops/index.ts";
import { type Paint, printable } from "./paint.ts";

/** `1 error`, `2 errors` */
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

export interface Checked {
  readonly problems: readonly Problem[];
  /** Valid objects. */
  readonly objects: number;
  readonly files: number;
  readonly ignored: number;
}

/** One line per problem, as compilers print them, so that editors and terminals find the place. `shown` is the path as the reader would type it. */
export function problemLines(problems: readonly Problem[], paint: Paint, shown: (file: string) => string): string[] {
  return problems.map((problem) => {
    const place = paint.strong(printable(`${shown(problem.file)}:${problem.line}:${problem.column}:`));
    const severity = isError(problem) ? paint.bad("error") : paint.busy("warning");
    return `${place} ${severity}: ${printable(problem.message).replace(/\s*\n\s*/g, " ")} ${paint.faint(`[${problem.code}]`)}`;
  });
}

/** `6 objects in 8 files are valid; 2 errors, 1 warning; 3 other documents ignored` */
export function summaryLine({ problems, objects, files, ignored }: Checked, paint: Paint): string {
  const errors = problems.filter(isError).length;
  const warnings = problems.length - errors;
  const valid = `${counted(objects, "object")} in ${counted(files, "file")} valid`;
  const found = [
    ...(errors > 0 ? [paint.bad(counted(errors, "error"))] : []),
    ...(warnings > 0 ? [paint.busy(counted(warnings, "warning"))] : []),
    ...(ignored > 0 ? [`${counted(ignored, "other document")} ignored`] : []),
  ];
  return [errors > 0 ? valid : paint.good(valid), ...found].join("; ");
}

/** Data of a workflow command of GitHub: newlines and percent signs would end it. */
function escapedData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** Annotations that GitHub shows beside the lines of a pull request. */
export function githubLines(problems: readonly Problem[]): string[] {
  return problems.map(({ severity, file, line, column, code, message }) => {
    const place = `file=${escapedProperty(file)},line=${line},col=${column},title=${escapedProperty(code)}`;
    return `::${severity} ${place}::${escapedData(message)}`;
  });
}
