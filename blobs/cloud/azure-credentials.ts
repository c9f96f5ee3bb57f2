import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseJson } from "../../base/index.ts";
import { type CredentialDeps, noCredentials } from "./aws-credentials.ts";
import { encodeQuery, type Query } from "./encode.ts";
import { textOf } from "./http.ts";
import { type Expiring, refreshed } from "./refreshed.ts";

export interface AzureSignable {
  readonly method: string;
  /** Encoded, without the query. */
  readonly path: string;
  readonly query: Query;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Gives a request the right to be answered: by a header, or by more query. */
export type AzureAuthorize = (request: AzureSignable) => Promise<{ readonly headers: Record<string, string>; readonly query: Query }>;

const SIGNED_HEADERS = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-md5",
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
];

/** The Shared Key signature of the Blob service. */
export function sharedKey(account: string, key: string): AzureAuthorize {
  return ({ method, path, query, headers }) => {
    const standard = SIGNED_HEADERS.map((name) => (name === "content-length" && headers[name] === "0" ? "" : (headers[name] ?? "")));
    const own = Object.keys(headers)
      .filter((name) => name.startsWith("x-ms-"))
      .sort()
      .map((name) => `${name}:${headers[name] ?? ""}`);
    const asked = Object.keys(query)
      .sort()
      .flatMap((name) => (query[name] === undefined ? [] : [`${name.toLowerCase()}:${query[name]}`]));
    const text = [method, ...standard, ...own, [`/${account}${path}`, ...asked].join("\n")].join("\n");
    const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
    return Promise.resolve({ headers: { ...headers, authorization: `SharedKey ${account}:${signature}` }, query: {} });
  };
}

function sasToken(token: string): AzureAuthorize {
  const query = Object.fromEntries(new URLSearchParams(token.replace(/^\?/, "")));
  return ({ headers }) => Promise.resolve({ headers: { ...headers }, query });
}

const SCOPE = "https://storage.azure.com/.default";

async function tokenAnswer(deps: CredentialDeps, address: string, form?: Query): Promise<Expiring<string>> {
  const url = new URL(address);
  const answer = await deps.http({
    method: form ? "POST" : "GET",
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    headers: form ? { "content-type": "application/x-www-form-urlencoded" } : { metadata: "true" },
    ...(form ? { body: encodeQuery(form).slice(1) } : {}),
  });
  const text = await textOf(answer);
  if (answer.status !== 200) throw noCredentials(`no Azure token from ${url.origin}: ${answer.status}`);
  const found = parseJson(text) as Readonly<Record<string, string | number>>;
  return { value: String(found["access_token"]), expiresAt: deps.clock.now() + Number(found["expires_in"] ?? 3_600) * 1_000 };
}

/** A pod's workload identity, an application's secret, or the machine's managed identity. */
async function entraToken(deps: CredentialDeps): Promise<Expiring<string>> {
  const { environment } = deps;
  const [tenant, client] = [environment["AZURE_TENANT_ID"], environment["AZURE_CLIENT_ID"]];
  const [file, secret] = [environment["AZURE_FEDERATED_TOKEN_FILE"], environment["AZURE_CLIENT_SECRET"]];
  if (tenant && client && (file || secret)) {
    const host = (environment["AZURE_AUTHORITY_HOST"] ?? "https://login.microsoftonline.com").replace(/\/+$/, "");
    const proof = file
      ? { client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_assertion: (await readFile(file, "utf8")).trim() }
      : { client_secret: secret };
    return tokenAnswer(deps, `${host}/${tenant}/oauth2/v2.0/token`, { grant_type: "client_credentials", client_id: client, scope: SCOPE, ...proof });
  }
  const query = encodeQuery({ "api-version": "2018-02-01", resource: "https://storage.azure.com/", client_id: client });
  return tokenAnswer(deps, `http://169.254.169.254/metadata/identity/oauth2/token${query}`).catch((thrown: unknown) => {
    throw noCredentials(
      "there are no Azure credentials: set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or give the pod a workload identity",
      thrown,
    );
  });
}

/** How requests to this account are authorized, from what the environment holds: a key, a shared access signature, or an identity. */
export function azureAuthorize(account: string, deps: CredentialDeps): AzureAuthorize {
  const { environment } = deps;
  const named = environment["AZURE_STORAGE_ACCOUNT_NAME"] ?? environment["AZURE_STORAGE_ACCOUNT"];
  const own = named === undefined || named === "" || named === account;
  const key = environment["AZURE_STORAGE_ACCOUNT_KEY"] ?? environment["AZURE_STORAGE_KEY"];
  if (own && key) return sharedKey(account, key);
  const sas = environment["AZURE_STORAGE_SAS_TOKEN"];
  if (own && sas) return sasToken(sas);
  const token = refreshed(deps.clock, () => entraToken(deps));
  return async ({ headers }) => ({ headers: { ...headers, authorization: `Bearer ${await token()}` }, query: {} });
}
