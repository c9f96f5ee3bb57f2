import { readFile } from "node:fs/promises";
import type { Agent, Dispatcher, ProxyAgent, request } from "undici";
import { TerminalFailure } from "../base/index.ts";
import { errorOfTransport } from "./api-error.ts";
import type { ApiRequest, ApiResponse, Transport } from "./client.ts";
import { type KubeconfigContext, readKubeconfigContext } from "./kubeconfig.ts";

/** Where the cluster and the credentials are said: kubeconfig files, or the ServiceAccount mounted into a pod. */
export type ClusterSource =
  | { readonly kubeconfig: readonly string[]; readonly context?: string | undefined }
  | { readonly inCluster: { readonly host: string; readonly port: string; readonly directory?: string } };

export interface ClusterAccess {
  readonly transport: Transport;
  readonly server: string;
  /** Default namespace of the context (or of the pod). */
  readonly namespace: string | undefined;
  readonly context: string;
  /** Closes every pooled connection. */
  close(): Promise<void>;
}

type Headers = Record<string, string>;

interface Credentials {
  readonly tls: { ca?: string | Buffer; cert?: string | Buffer; key?: string | Buffer; rejectUnauthorized?: boolean; servername?: string };
  /** Asked for every request, because tokens are rotated. */
  headers(): Promise<Headers>;
}

/** How long a token file is trusted before it is read again; the kubelet renews tokens long before they expire. */
const TOKEN_FILE_TTL_MS = 60_000;
const SERVICE_ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";
/** A watch is silent for about a minute at most (bookmarks); silence longer than this is a dead connection. */
const WATCH_SILENCE_MS = 300_000;
const ANSWER_TIMEOUT_MS = 60_000;

async function fileOrData(path: string | undefined, data: string | undefined): Promise<Buffer | undefined> {
  if (data !== undefined) return Buffer.from(data, "base64");
  return path === undefined ? undefined : readFile(path);
}

function bearerFromFile(path: string): () => Promise<Headers> {
  let token = "";
  let readAt = -Infinity;
  return async () => {
    const now = performance.now();
    if (now - readAt > TOKEN_FILE_TTL_MS) {
      token = (await readFile(path, "utf8")).trim();
      readAt = now;
    }
    return { authorization: `Bearer ${token}` };
  };
}

async function plainCredentials({ cluster, user }: KubeconfigContext): Promise<Credentials> {
  const ca = await fileOrData(cluster["certificate-authority"], cluster["certificate-authority-data"]);
  const cert = await fileOrData(user["client-certificate"], user["client-certificate-data"]);
  const key = await fileOrData(user["client-key"], user["client-key-data"]);
  const tls = {
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(cluster["insecure-skip-tls-verify"] ? { rejectUnauthorized: false } : {}),
    ...(cluster["tls-server-name"] ? { servername: cluster["tls-server-name"] } : {}),
  };
  if (user.token) return { tls, headers: async () => ({ authorization: `Bearer ${user.token ?? ""}` }) };
  if (user.tokenFile) return { tls, headers: bearerFromFile(user.tokenFile) };
  if (user.username === undefined) return { tls, headers: async () => ({}) };
  const basic = Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
  return { tls, headers: async () => ({ authorization: `Basic ${basic}` }) };
}

/** Programs and cloud providers: @kubernetes/client-node knows them all. Imported only here, because importing it costs half a second. */
async function suppliedCredentials(context: KubeconfigContext): Promise<Credentials> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name: "cluster", cluster: context.cluster }],
      users: [{ name: "user", user: context.user }],
      contexts: [{ name: "context", context: { cluster: "cluster", user: "user" } }],
      "current-context": "context",
    }),
  );
  const ask = async () => {
    const options: Parameters<typeof config.applyToHTTPSOptions>[0] = {};
    await config.applyToHTTPSOptions(options);
    return options;
  };
  const { ca, cert, key, rejectUnauthorized } = await ask();
  const servername = context.cluster["tls-server-name"];
  const tls = Object.fromEntries(Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(([, value]) => value !== undefined));
  const headers = async () => Object.fromEntries(Object.entries((await ask()).headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return { tls, headers };
}

/** undici is imported when a cluster is really spoken to: in-process clients never pay for it. */
interface Undici {
  readonly Agent: typeof Agent;
  readonly ProxyAgent: typeof ProxyAgent;
  readonly request: typeof request;
}

function pooledDispatcher(undici: Undici, tls: Credentials["tls"], proxy: string | undefined): Dispatcher {
  const pool = { keepAliveTimeout: 60_000, connections: 128, pipelining: 1 };
  return proxy ? new undici.ProxyAgent({ uri: proxy, requestTls: tls, ...pool }) : new undici.Agent({ connect: { ...tls, keepAlive: true }, ...pool });
}

function isStream(path: string): boolean {
  return /[?&](watch|follow)=(1|true)/.test(path);
}

function httpTransport(undici: Undici, server: string, dispatcher: Dispatcher, headers: () => Promise<Headers>): Transport {
  const base = server.replace(/\/+$/, "");
  return {
    async send(ask: ApiRequest): Promise<ApiResponse> {
      const followsLog = /[?&]follow=(1|true)/.test(ask.path);
      const answer = await undici
        .request(base + ask.path, {
          method: ask.method,
          headers: { ...(await headers()), ...ask.headers },
          body: ask.body ?? null,
          signal: ask.signal ?? null,
          dispatcher,
          headersTimeout: isStream(ask.path) ? 0 : ANSWER_TIMEOUT_MS,
          bodyTimeout: followsLog ? 0 : WATCH_SILENCE_MS,
        })
        .catch((thrown: unknown) => {
          throw errorOfTransport(thrown);
        });
      const received = Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]);
      return { status: answer.statusCode, headers: Object.fromEntries(received) as Headers, body: answer.body };
    },
  };
}

async function inClusterContext(host: string, port: string, directory: string): Promise<KubeconfigContext> {
  const namespace = await readFile(`${directory}/namespace`, "utf8").catch(() => undefined);
  const address = host.includes(":") ? `[${host}]` : host;
  return {
    name: "in-cluster",
    namespace: namespace?.trim(),
    cluster: { server: `https://${address}:${port}`, "certificate-authority": `${directory}/ca.crt` },
    user: { tokenFile: `${directory}/token` },
  };
}

/**
 * A transport to a real API server over pooled connections. Plain credentials (certificates, tokens, passwords) are
 * read here; exec programs and auth providers go through @kubernetes/client-node. TerminalFailure when the
 * kubeconfig does not name a usable cluster.
 */
export async function clusterTransport(source: ClusterSource): Promise<ClusterAccess> {
  const context =
    "kubeconfig" in source
      ? await readKubeconfigContext(source.kubeconfig, source.context)
      : await inClusterContext(source.inCluster.host, source.inCluster.port, source.inCluster.directory ?? SERVICE_ACCOUNT_DIRECTORY);
  if (!/^https?:\/\//.test(context.cluster.server)) throw new TerminalFailure("KubeconfigServer", `not an http or https address: ${context.cluster.server}`);
  const credentials = context.user.exec || context.user["auth-provider"] ? await suppliedCredentials(context) : await plainCredentials(context);
  const undici = await import("undici");
  const dispatcher = pooledDispatcher(undici, credentials.tls, context.cluster["proxy-url"]);
  return {
    transport: httpTransport(undici, context.cluster.server, dispatcher, credentials.headers),
    server: context.cluster.server,
    namespace: context.namespace,
    context: context.name,
    close: () => dispatcher.destroy(),
  };
}
