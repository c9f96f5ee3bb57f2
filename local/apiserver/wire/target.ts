import type { ServedKind } from "../kinds/served-kind.ts";
import type { User } from "../request.ts";
import type { Subject } from "../status.ts";

/** What a request is about, after routing. */
export interface Target {
  readonly kind: ServedKind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** One authenticated, routed request. */
export interface Call {
  readonly target: Target;
  readonly user: User;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal | undefined;
  /** Texts for Warning headers of the answer. */
  readonly warnings: string[];
}

export const subjectOf = (target: Target): Subject => target.kind;
