import { rfc3339 } from "../../../base/index.ts";
import { badRequest, unsupportedMediaType } from "../status.ts";
import { MESSAGES as SMALL_MESSAGES, type MessageFields } from "./protobuf-messages.ts";
import { IGNORED_MESSAGE, WORKLOAD_MESSAGES } from "./protobuf-workloads.ts";

/** The media type of Kubernetes' own protobuf envelope. */
export const PROTOBUF = "application/vnd.kubernetes.protobuf";
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
const EMPTY = Buffer.alloc(0);

const MESSAGES: Readonly<Record<string, MessageFields>> = { ...SMALL_MESSAGES, ...WORKLOAD_MESSAGES };

type Value = number | bigint | Buffer;
type Field = readonly [number: number, value: Value];

function malformed(): never {
  throw badRequest("the protobuf body is malformed");
}

function varint(bytes: Buffer, start: number): [bigint, number] {
  let value = 0n;
  for (let at = start, shift = 0n; at < bytes.length && shift < 70n; at++, shift += 7n) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at + 1];
  }
  return malformed();
}

/** Cuts a message into its fields; only the wire types that Kubernetes uses. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag, next] = varint(bytes, at);
    const number = Number(tag >> 3n);
    const [value, end] = varint(bytes, next);
    const wire = Number(tag & 7n);
    if (wire === 0) fields.push([number, BigInt.asIntN(64, value)]);
    else if (wire !== 2 || end + Number(value) > bytes.length) malformed();
    else fields.push([number, bytes.subarray(end, end + Number(value))]);
    at = wire === 0 ? end : end + Number(value);
  }
  return fields;
}

function only(bytes: Buffer, number: number): Value | undefined {
  return fieldsOf(bytes).findLast(([found]) => found === number)?.[1];
}

const bufferOf = (value: Value | undefined): Buffer => (Buffer.isBuffer(value) ? value : EMPTY);
const textOf = (value: Value | undefined): string => bufferOf(value).toString("utf8");
const numberOf = (value: Value | undefined): number => Number(typeof value === "bigint" ? value : 0n);

function timeOf(value: Value, micro: boolean): string | undefined {
  const bytes = bufferOf(value);
  if (bytes.length === 0) return undefined;
  const seconds = numberOf(only(bytes, 1));
  if (!micro) return rfc3339(seconds * 1_000);
  const micros = Math.floor(numberOf(only(bytes, 2)) / 1_000);
  return rfc3339(seconds * 1_000).replace("Z", `.${String(micros).padStart(6, "0")}Z`);
}

function rawJson(text: string): unknown {
  try {
    return JSON.parse(text || "{}") as unknown;
  } catch {
    return malformed();
  }
}

/** Nought is what Go writes for a number or text that is not there. */
function intOrString(bytes: Buffer): number | string | undefined {
  if (numberOf(only(bytes, 1)) === 1) return textOf(only(bytes, 3));
  return numberOf(only(bytes, 2)) || undefined;
}

const saysNothing = (value: Value): boolean => (Buffer.isBuffer(value) ? value.length === 0 : value === 0n);

/** Values that Go leaves out of JSON when empty are undefined. */
function valueOf(type: string, value: Value): unknown {
  switch (type) {
    case "string":
      return textOf(value) || undefined;
    case "text":
      return textOf(value);
    case "bool":
      return value !== 0n;
    case "int":
      return numberOf(value);
    case "count":
      return numberOf(value) || undefined;
    case "bytes":
      return bufferOf(value).toString("base64");
    case "quantity":
      return textOf(only(bufferOf(value), 1));
    case "raw":
      return rawJson(textOf(only(bufferOf(value), 1)));
    case "intOrString":
      return intOrString(bufferOf(value));
    case IGNORED_MESSAGE:
      return undefined;
    case "time":
    case "microtime":
      return timeOf(value, type === "microtime");
    default:
      return messageOf(type, bufferOf(value));
  }
}

function addTo(message: Record<string, unknown>, name: string, type: string, value: Value): void {
  if (type.startsWith("[]")) {
    message[name] = [...((message[name] as unknown[] | undefined) ?? []), valueOf(type.slice(2), value)];
  } else if (type.startsWith("{}")) {
    const entry = bufferOf(value);
    const item = valueOf(type.slice(2), only(entry, 2) ?? EMPTY) ?? "";
    message[name] = { ...(message[name] as object | undefined), [textOf(only(entry, 1))]: item };
  } else {
    const read = valueOf(type, value);
    if (read !== undefined) message[name] = read;
  }
}

function messageOf(name: string, bytes: Buffer): Record<string, unknown> {
  const known = MESSAGES[name] ?? {};
  const message: Record<string, unknown> = {};
  for (const [number, value] of fieldsOf(bytes)) {
    const field = known[number];
    if (field) addTo(message, field[0], field[1], value);
    else if (Object.hasOwn(WORKLOAD_MESSAGES, name) && !saysNothing(value)) throw unsupportedMediaType(["application/json", "application/yaml"]);
  }
  return message;
}

/** The object in a protobuf envelope. Throws 415 for a kind whose message is not known here, so that the client knows to send JSON. */
export function decodeProtobuf(body: Uint8Array): Record<string, unknown> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw badRequest("the protobuf body does not begin with the bytes k8s\\0");
  const envelope = bytes.subarray(4);
  const type = bufferOf(only(envelope, 1));
  const [apiVersion, kind] = [textOf(only(type, 1)), textOf(only(type, 2))];
  if (!MESSAGES[kind]) throw unsupportedMediaType(["application/json", "application/yaml"]);
  return { apiVersion, kind, ...messageOf(kind, bufferOf(only(envelope, 2))) };
}
