import { type ApiStatus, ApiError, type StatusCause } from "../../kube/index.ts";
import { type Cause, causesText } from "../../schema/structural/index.ts";

type Details = NonNullable<ApiStatus["details"]>;

/** What an error is about: `pods "x"`. Kind is the plural for most reasons and the Kind for Invalid, as the real server has it. */
export interface Subject {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

/** A refusal, thrown anywhere in the pipeline and answered as a metav1.Status. */
export function failure(code: number, reason: string, message: string, details?: Details): ApiError {
  const status: ApiStatus = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, ...(details ? { details } : {}), code };
  return new ApiError(code, reason, message, { status });
}

/** A refusal that the real server gives no reason for: its client sees `Unknown`. */
export function unexplained(code: number, message: string): ApiError {
  const status: ApiStatus = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code };
  return new ApiError(code, "Unknown", message, { status });
}

/** The Status of anything thrown: a bug becomes a 500 that names no internals but its message. */
export function statusOf(thrown: unknown): ApiStatus {
  if (thrown instanceof ApiError && thrown.status) return thrown.status;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const details = { causes: [{ message }] };
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `Internal error occurred: ${message}`,
    reason: "InternalError",
    details,
    code: 500,
  };
}

/** `widgets.example.com`, or `pods` for the core group. */
export function qualified(subject: { readonly group: string; readonly plural: string }): string {
  return subject.group === "" ? subject.plural : `${subject.plural}.${subject.group}`;
}

function detailsOf(subject: Subject, name: string, kind: string): Details {
  return { ...(name === "" ? {} : { name }), ...(subject.group === "" ? {} : { group: subject.group }), kind };
}

export const badRequest = (message: string): ApiError => failure(400, "BadRequest", message);
export const unauthorized = (): ApiError => failure(401, "Unauthorized", "Unauthorized");
export const notServed = (): ApiError => failure(404, "NotFound", "the server could not find the requested resource", {});
export const methodNotAllowed = (): ApiError => failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return failure(415, "UnsupportedMediaType", `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`);
}

export const expired = (message: string): ApiError => failure(410, "Expired", message);

export function notFound(subject: Subject, name: string): ApiError {
  return failure(404, "NotFound", `${qualified(subject)} "${name}" not found`, detailsOf(subject, name, subject.plural));
}

export function alreadyExists(subject: Subject, name: string): ApiError {
  return failure(409, "AlreadyExists", `${qualified(subject)} "${name}" already exists`, detailsOf(subject, name, subject.plural));
}

export function conflict(subject: Subject, name: string, why: string): ApiError {
  return failure(409, "Conflict", `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${why}`, detailsOf(subject, name, subject.plural));
}

export const staleObject = (subject: Subject, name: string): ApiError =>
  conflict(subject, name, "the object has been modified; please apply your changes to the latest version and try again");

export function forbidden(subject: Subject, name: string, why: string, causes?: StatusCause[]): ApiError {
  const details = { ...detailsOf(subject, name, subject.plural), ...(causes ? { causes } : {}) };
  return failure(403, "Forbidden", `${qualified(subject)} "${name}" is forbidden: ${why}`, details);
}

/** 422 with every cause; Kind and group are those of the request's version. */
export function invalid(subject: { readonly group: string; readonly kind: string }, name: string, causes: readonly Cause[]): ApiError {
  const kind = subject.group === "" ? subject.kind : `${subject.kind}.${subject.group}`;
  const details: Details = {
    ...(name === "" ? {} : { name }),
    ...(subject.group === "" ? {} : { group: subject.group }),
    kind: subject.kind,
    causes: [...causes],
  };
  return failure(422, "Invalid", `${kind} "${name}" is invalid: ${causesText(causes)}`, details);
}

export function tooLargeResourceVersion(asked: number, current: number): ApiError {
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return failure(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, { causes, retryAfterSeconds: 1 });
}
