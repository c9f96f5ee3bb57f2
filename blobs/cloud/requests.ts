import { type Clock, messageOf, type Random, sleep } from "../../base/index.ts";
import { BlobError, type BlobErrorCode } from "../store.ts";
import { type Http, type HttpRequest, type HttpResponse, textOf } from "./http.ts";

export interface RequestDeps {
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
}

/** What a store says about a request that it refused. */
export interface Refusal {
  readonly status: number;
  /** The store's own word: `NoSuchBucket`, `AuthenticationFailed`. */
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The whole answer, unless it was to be streamed. */
  readonly text: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** An earlier try may have done its work although no good answer came. */
  readonly repeated: boolean;
}

const TRIES = 4;
const FIRST_DELAY_MS = 150;
const MAX_DELAY_MS = 4_000;
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Thrown inside for an answer that was no success; `refused` of the protocol turns it into a BlobError. */
export class Refused extends Error {
  readonly refusal: Refusal;
  readonly repeated: boolean;
  constructor(refusal: Refusal, repeated: boolean) {
    super(`${refusal.status} ${refusal.code}: ${refusal.message}`);
    this.refusal = refusal;
    this.repeated = repeated;
  }
}

/** How a protocol writes its refusals. */
export type ReadRefusal = (text: string) => { readonly code: string; readonly message: string };

function pauseMs(tries: number, random: Random, headers: Readonly<Record<string, string>>): number {
  const asked = Number(headers["retry-after"] ?? 0) * 1_000;
  const grown = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 4 ** (tries - 1)) * (0.5 + random.next() / 2);
  return Math.max(grown, Math.min(MAX_DELAY_MS, Number.isFinite(asked) ? asked : 0));
}

async function refusalOf(response: HttpResponse, read: ReadRefusal): Promise<Refusal> {
  const text = await textOf(response).catch(() => "");
  const told = text === "" ? undefined : tryRead(read, text);
  return {
    status: response.status,
    headers: response.headers,
    code: told?.code || response.headers["x-ms-error-code"] || "",
    message: (told?.message ?? "").replace(/\s+/g, " ").slice(0, 300),
  };
}

function tryRead(read: ReadRefusal, text: string): ReturnType<ReadRefusal> | undefined {
  try {
    return read(text);
  } catch {
    return { code: "", message: text.slice(0, 200) };
  }
}

interface Sending {
  readonly deps: RequestDeps;
  readonly place: string;
  readonly read: ReadRefusal;
  /** The body is the caller's to read, and to ask for again. */
  readonly streamed?: boolean;
  /** A status that is a success although it does not look like one. */
  readonly accepts?: number | undefined;
  /** At most so many requests. */
  readonly tries?: number | undefined;
}

/**
 * Sends a request until it is answered by something that will not pass by itself, at most four times with growing, jittered pauses
 * (about three seconds in all). `prepare` signs anew for each try. Throws Refused for an answer of 300 and above, BlobStoreUnavailable
 * when the store is away.
 */
export async function send(
  { deps, place, read, streamed = false, accepts, tries: most = TRIES }: Sending,
  prepare: () => Promise<HttpRequest>,
): Promise<Answer> {
  let repeated = false;
  for (let tries = 1; ; tries++) {
    const request = await prepare();
    try {
      const response = await deps.http(request);
      if (response.status < 300 || response.status === accepts) return { ...response, text: streamed ? "" : await textOf(response), repeated };
      const refusal = await refusalOf(response, read);
      if (!PASSING.has(refusal.status) || tries >= most) throw new Refused(refusal, repeated);
      await sleep(deps.clock, pauseMs(tries, deps.random, refusal.headers));
    } catch (thrown) {
      if (thrown instanceof Refused) throw thrown;
      if (tries >= most) throw new BlobError("BlobStoreUnavailable", `${place} does not answer: ${messageOf(thrown)}`, { cause: thrown });
      await sleep(deps.clock, pauseMs(tries, deps.random, {}));
    }
    repeated = true;
  }
}

const CONTAINER_MISSING = new Set(["NoSuchBucket", "ContainerNotFound", "InvalidBucketName"]);
const WRONG_PLACE = new Set(["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "TemporaryRedirect"]);
/** Whatever the status: some servers answer 400 or 404 here. */
const DENIED = new Set([
  "AccessDenied",
  "ExpiredToken",
  "InvalidToken",
  "TokenRefreshRequired",
  "AuthenticationFailed",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
]);

/** What a 404 must say to speak of the object, and not of an account, a bucket or an upload. Answers to HEAD say nothing. */
const ABSENT = new Set(["", "NoSuchKey", "NoSuchVersion", "NotFound", "NOT_FOUND", "BlobNotFound", "ResourceNotFound"]);

function codeOf({ status, code }: Refusal): BlobErrorCode {
  if (code === "NoSuchUpload") return "BlobStoreUnavailable";
  if (CONTAINER_MISSING.has(code)) return "BlobContainerMissing";
  if (WRONG_PLACE.has(code) || status === 301 || status === 307) return "BlobStoreMisconfigured";
  if (status === 401 || status === 403 || DENIED.has(code)) return "BlobAccessDenied";
  if (status === 404) return ABSENT.has(code) ? "BlobNotFound" : "BlobStoreMisconfigured";
  return "BlobStoreUnavailable";
}

function adviceFor(code: BlobErrorCode, { headers, code: word }: Refusal): string {
  const region = headers["x-amz-bucket-region"];
  if (code === "BlobStoreMisconfigured" && region) return `; the bucket lies in region ${region}: set AWS_REGION or storage.connection.region`;
  if (code === "BlobContainerMissing") return "; make it, or correct storage.container";
  if (word === "RequestTimeTooSkewed") return "; the clock of this machine is wrong";
  return "";
}

/** The failure of the port for a refusal. Of the answer only the store's own word and sentence are kept: never a header or a signature. */
export function refused(thrown: unknown, place: string, key: string): unknown {
  if (!(thrown instanceof Refused)) return thrown;
  const { refusal } = thrown;
  const code = codeOf(refusal);
  if (code === "BlobNotFound") return new BlobError(code, `no object ${key}`, { cause: thrown });
  const told = [refusal.code, refusal.message].filter((part) => part !== "").join(": ");
  return new BlobError(code, `${place}, object ${key}: ${refusal.status}${told === "" ? "" : ` ${told}`}${adviceFor(code, refusal)}`, { cause: thrown });
}
