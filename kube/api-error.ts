import { messageOf, parseJson } from "../base/index.ts";
import { ApiError, type ApiResponse } from "./client.ts";
import { bodyText } from "./lines.ts";
import type { ApiStatus } from "./object.ts";

/** Reasons the API server uses when an answer carries no metav1.Status of its own (a proxy in between, for example). */
const REASON_BY_CODE: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

function isStatus(value: unknown): value is ApiStatus {
  return typeof value === "object" && value !== null && (value as ApiStatus).kind === "Status";
}

function parsedStatus(text: string): ApiStatus | undefined {
  try {
    const value: unknown = parseJson(text);
    return isStatus(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** ApiError of a metav1.Status: an error answer, or the object of an ERROR watch event. */
export function errorOfStatus(status: ApiStatus): ApiError {
  return new ApiError(status.code, status.reason || (REASON_BY_CODE[status.code] ?? "Unknown"), status.message ?? `the server answered ${status.code}`, {
    status,
  });
}

/** ApiError of an answer that is not 2xx. Reads the body. */
export async function errorOfResponse(response: ApiResponse): Promise<ApiError> {
  const text = await bodyText(response.body).catch(() => "");
  const status = parsedStatus(text);
  if (status) return errorOfStatus({ ...status, code: Number(status.code) || response.status });
  const said = text.trim().slice(0, 512);
  const message = said === "" ? `the server answered ${response.status}` : `the server answered ${response.status}: ${said}`;
  return new ApiError(response.status, REASON_BY_CODE[response.status] ?? "Unknown", message);
}

/** ApiError (code 0) of a request that got no answer: refused, reset, timed out, aborted. */
export function errorOfTransport(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError(0, "Unreachable", `the Kubernetes API did not answer: ${messageOf(thrown)}`, { cause: thrown });
}
