import { sha256 } from "./digest.ts";

/** Something that took time, told when it is over. */
export interface Span {
  readonly name: string;
  /** 32 hexadecimal digits. Spans of one run share it, whichever replica records them. */
  readonly traceId: string;
  /** 16 hexadecimal digits; absent: any. */
  readonly spanId?: string | undefined;
  readonly parentId?: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Why it failed; absent when it did not. */
  readonly error?: string | undefined;
}

/** Traces as a port. */
export interface Tracer {
  /** Whether spans of this trace are kept: ask before computing what nobody wants. */
  keeps(traceId: string): boolean;
  record(span: Span): void;
}

/** Records nothing. */
export const silentTracer: Tracer = { keeps: () => false, record() {} };

const digits = (text: string, count: number): string =>
  sha256(text)
    .replace(/^sha256:/, "")
    .slice(0, count);

/** The trace of whatever has this identity. A uid of Kubernetes is 32 digits already, so a run's trace is found by its uid. */
export function traceIdOf(identity: string): string {
  const plain = identity.toLowerCase().replaceAll("-", "");
  return /^[0-9a-f]{32}$/.test(plain) && !/^0+$/.test(plain) ? plain : digits(`trace ${identity}`, 32);
}

/** The span of whatever has this identity, so that others can name it as parent without asking. */
export function spanIdOf(identity: string): string {
  return digits(`span ${identity}`, 16);
}
