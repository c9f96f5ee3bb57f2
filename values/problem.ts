/** Why a value is not one. `path` leads from the value that was given to the part that is wrong. */
export interface ValueProblem {
  readonly code: ValueProblemCode;
  readonly message: string;
  readonly path: readonly (string | number)[];
}

export type ValueProblemCode =
  | "TypeMismatch"
  | "LossyCoercion"
  | "InvalidValue"
  /** More than one member of a union fits. */
  | "AmbiguousValue"
  /** An attribute path leads nowhere. */
  | "AttributeNotFound"
  | "UnknownInput"
  | "TemplateNotText"
  | "TemplateSensitive"
  | "ArgumentTooLong"
  /** `{uri: …}` inside another value. */
  | "RemoteDataUnsupported"
  /** `{uri: …}` with a scheme that nothing here reads. */
  | "UnsupportedStore";

/** One problem as the list that value functions return. */
export function problem(code: ValueProblemCode, message: string, path: readonly (string | number)[] = []): ValueProblem[] {
  return [{ code, message, path }];
}

/** The same problems, seen from one level further out. */
export function under(segment: string | number, problems: readonly ValueProblem[]): ValueProblem[] {
  return problems.map((one) => ({ ...one, path: [segment, ...one.path] }));
}

/** True for the list of problems that a value function returns instead of a value; a value may be a list itself. */
export function isProblems<T>(result: T | readonly ValueProblem[]): result is readonly ValueProblem[] {
  const first: unknown = Array.isArray(result) ? result[0] : undefined;
  return typeof first === "object" && first !== null && "code" in first && "path" in first;
}
