import { ApiError } from "../../../kube/index.ts";
import { badRequest, failure } from "../status.ts";

/** Where the next page of a list begins. Written as the real server writes it, so that it means the same to whoever looks into one. */
export interface ContinueToken {
  /** The moment that all pages show; -1: whatever is latest, for those whose moment is forgotten. */
  readonly resourceVersion: number;
  /** First key of the page, below that of the collection. */
  readonly start: string;
}

const VERSION = "meta.k8s.io/v1";
const TOO_OLD =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

const refused = (why: string): ApiError => badRequest(`invalid continue token: continue key is not valid: ${why}`);

function decoded(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    throw refused("it was not made by this server");
  }
  if (typeof value !== "object" || value === null) throw refused("it was not made by this server");
  return value as Record<string, unknown>;
}

/** Throws 400 for what no server wrote. */
export function readContinueToken(text: string): ContinueToken {
  const { v, rv, start } = decoded(text);
  if (v !== VERSION) throw refused(`server does not recognize this encoded version ${String(v)}`);
  if (typeof rv !== "number" || !Number.isSafeInteger(rv) || rv === 0 || rv < -1) throw refused(`incorrect encoded start resourceVersion (version ${VERSION})`);
  if (typeof start !== "string" || start === "") throw refused(`encoded start key empty (version ${VERSION})`);
  const path = start.startsWith("/") ? start : `/${start}`;
  if (path.split("/").includes("..")) throw refused(start);
  return { resourceVersion: rv, start: path };
}

export const writeContinueToken = ({ resourceVersion, start }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: VERSION, rv: resourceVersion, start })).toString("base64url");

/** 410 with a token that goes on from the same place in the latest state. */
export function continueTooOld({ start }: ContinueToken): ApiError {
  const { status, code, reason, message } = failure(410, "Expired", TOO_OLD);
  const metadata = { continue: writeContinueToken({ resourceVersion: -1, start }) };
  return new ApiError(code, reason, message, { ...(status ? { status: { ...status, metadata } } : {}) });
}
