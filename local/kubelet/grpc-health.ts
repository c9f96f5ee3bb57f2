import { type ClientHttp2Session, connect } from "node:http2";
import { messageOf } from "../../base/index.ts";

export interface HealthQuestion {
  readonly host: string;
  readonly port: number;
  /** Empty: the server as a whole. */
  readonly service: string;
  readonly timeoutMs: number;
}

const STATUS = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
const SERVING = 1;

/** Asks `grpc.health.v1.Health/Check` in plain text. Undefined when it says SERVING, else why not. Never rejects. */
export async function grpcHealth(question: HealthQuestion): Promise<string | undefined> {
  const at = `service unhealthy at ${question.host}:${question.port}`;
  const session = connect(`http://${question.host}:${question.port}`);
  try {
    const status = await check(session, question);
    return status === SERVING ? undefined : `${at}: responded with ${STATUS[status] ?? status}`;
  } catch (thrown) {
    return `${at}: ${messageOf(thrown)}`;
  } finally {
    session.destroy();
  }
}

function check(session: ClientHttp2Session, { service, timeoutMs }: HealthQuestion): Promise<number> {
  return new Promise((resolve, reject) => {
    const late = AbortSignal.timeout(timeoutMs);
    late.addEventListener("abort", () => reject(new Error(`no answer within ${timeoutMs / 1000}s`)), { once: true });
    session.on("error", reject);
    const stream = session.request({ ":method": "POST", ":path": "/grpc.health.v1.Health/Check", "content-type": "application/grpc", te: "trailers" });
    const parts: Buffer[] = [];
    let code = "0";
    let message = "";
    const note = (headers: Readonly<Record<string, string | string[] | undefined>>) => {
      code = String(headers["grpc-status"] ?? code);
      message = String(headers["grpc-message"] ?? message);
    };
    stream.on("response", note).on("trailers", note).on("error", reject);
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => (code === "0" ? resolve(statusOf(Buffer.concat(parts))) : reject(new Error(`rpc error ${code}${message && `: ${message}`}`))));
    stream.end(frame(service));
  });
}

/** The length-prefixed message `{service: 1 string}`. */
function frame(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** `{status: 1 enum}`; absent is 0. The enum is small: one byte holds it. */
const statusOf = (body: Buffer): number => (body.length >= 7 && body[5] === 0x08 ? (body[6] ?? 0) : 0);
