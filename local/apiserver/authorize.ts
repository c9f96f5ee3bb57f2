import type { User } from "./request.ts";

/** What somebody wants to do, in the words of RBAC. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** For requests that are about no resource. */
  readonly path: string;
}

/** Decides about one request. The reason is told to whoever is refused. */
export type Authorizer = (user: User, attributes: Attributes) => { readonly allowed: boolean; readonly reason: string };

/** Everybody this server knows is its administrator: it listens on loopback and belongs to one person. */
export const allowAuthenticated: Authorizer = (user) => ({ allowed: user.groups.includes("system:authenticated"), reason: "" });
