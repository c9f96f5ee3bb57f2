import type { User } from "../request.ts";

/** A request that may be about no resource. */
export interface DocumentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly user: User;
  readonly body: Uint8Array;
}
