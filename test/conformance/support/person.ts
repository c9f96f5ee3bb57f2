import { readFileSync } from "node:fs";
import { Agent, request } from "undici";
import { parse } from "yaml";
import type { Reply } from "./api.ts";

/** Who asks: a user that the administrator impersonates, whoever holds a token, or nobody at all. */
export type Identity =
  | { readonly user: string; readonly groups?: readonly string[]; readonly uid?: string; readonly extra?: Readonly<Record<string, readonly string[]>> }
  | { readonly token: string; readonly user?: string; readonly groups?: readonly string[] }
  | "nobody";

export interface Person {
  get(path: string): Promise<Reply>;
  create(path: string, body: unknown): Promise<Reply>;
  replace(path: string, body: unknown): Promise<Reply>;
  patch(path: string, body: unknown): Promise<Reply>;
  apply(path: string, body: unknown): Promise<Reply>;
  delete(path: string): Promise<Reply>;
  close(): Promise<void>;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

function impersonation(identity: Exclude<Identity, "nobody">): Record<string, string | string[]> {
  const extra = "extra" in identity ? Object.entries(identity.extra ?? {}) : [];
  return {
    ...(identity.user === undefined ? {} : { "impersonate-user": identity.user }),
    ...(identity.groups ? { "impersonate-group": [...identity.groups] } : {}),
    ...("uid" in identity && identity.uid ? { "impersonate-uid": identity.uid } : {}),
    ...Object.fromEntries(extra.map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key)}`, [...values]])),
  };
}

function headersOf(identity: Identity, administrator: Readonly<Record<string, string>>): Record<string, string | string[]> {
  if (identity === "nobody") return {};
  const token = "token" in identity ? identity.token : administrator["token"];
  return { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...impersonation(identity) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A connection to the server of a kubeconfig as somebody else than the administrator whose file it is. Close it. */
export function personOf(kubeconfig: string, identity: Identity): Person {
  const file = parse(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
  const [cluster, user] = [file.clusters[0]?.cluster ?? {}, file.users[0]?.user ?? {}];
  const data = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text, "base64"));
  const impersonates = identity !== "nobody" && !("token" in identity);
  const certificate = impersonates ? { cert: data(user["client-certificate-data"]), key: data(user["client-key-data"]) } : {};
  const agent = new Agent({ connect: { ca: data(cluster["certificate-authority-data"]), ...certificate } });
  const base = { "user-agent": "conformance/1", accept: "application/json", ...headersOf(identity, user) };
  const ask = async (method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown, type = "application/json"): Promise<Reply> => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await request(`${cluster["server"] ?? ""}${path}`, { method, dispatcher: agent, headers: { ...base, "content-type": type }, ...content });
    return { status: response.statusCode, body: parsed(await response.body.text()), warnings: [] };
  };
  return {
    get: (path) => ask("GET", path),
    create: (path, body) => ask("POST", path, body),
    replace: (path, body) => ask("PUT", path, body),
    patch: (path, body) => ask("PATCH", path, body, "application/merge-patch+json"),
    apply: (path, body) => ask("PATCH", `${path}?fieldManager=conformance`, body, "application/apply-patch+yaml"),
    delete: (path) => ask("DELETE", path),
    close: () => agent.close(),
  };
}

/** Opens people for a suite and closes them after it. Call inside `describe`. */
export function usePeople(): (kubeconfig: string, identity: Identity) => Person {
  const open: Person[] = [];
  after(() => Promise.all(open.map((person) => person.close())));
  return (kubeconfig, identity) => {
    const person = personOf(kubeconfig, identity);
    open.push(person);
    return person;
  };
}
