import { createSign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Fields, isFields, messageOf, parseJson } from "../../base/index.ts";
import { type CredentialDeps, type Environment, noCredentials } from "./aws-credentials.ts";
import { encodeQuery } from "./encode.ts";
import { textOf } from "./http.ts";
import { type Expiring, refreshed } from "./refreshed.ts";

const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";
const TOKEN_URL = "https://oauth2.googleapis.com/token";
const JWT_SECONDS = 3_600;

async function fieldsFrom(deps: CredentialDeps, address: string, init: { headers?: Record<string, string>; body?: string }): Promise<Fields> {
  const url = new URL(address);
  const answer = await deps.http({
    method: init.body === undefined ? "GET" : "POST",
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    headers: init.headers ?? {},
    ...(init.body === undefined ? {} : { body: init.body }),
  });
  const text = await textOf(answer);
  const fields: unknown = answer.status < 300 ? parseJson(text) : undefined;
  if (!isFields(fields)) throw noCredentials(`no Google token from ${url.origin}: ${answer.status}`);
  return fields;
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };

async function tokenFrom(deps: CredentialDeps, address: string, form?: Readonly<Record<string, string>>): Promise<Expiring<string>> {
  const init = form === undefined ? { headers: { "metadata-flavor": "Google" } } : { headers: FORM, body: encodeQuery(form).slice(1) };
  const answer = await fieldsFrom(deps, address, init);
  return { value: String(answer["access_token"]), expiresAt: deps.clock.now() + Number(answer["expires_in"] ?? JWT_SECONDS) * 1_000 };
}

const text = (fields: Fields, name: string): string => String(fields[name] ?? "");

/** A JSON Web Token that a service account signs to get an access token for itself. */
function assertion(account: Fields, nowMs: number, audience: string): string {
  const seconds = Math.floor(nowMs / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: text(account, "client_email"), scope: SCOPE, aud: audience, iat: seconds, exp: seconds + JWT_SECONDS };
  const body = `${part({ alg: "RS256", typ: "JWT", kid: text(account, "private_key_id") })}.${part(claims)}`;
  return `${body}.${createSign("RSA-SHA256").update(body).sign(text(account, "private_key"), "base64url")}`;
}

/** Workload identity federation with a token in a file: exchanged, then, where the file says so, used to act as a service account. */
async function federated(deps: CredentialDeps, account: Fields): Promise<Expiring<string>> {
  const source = account["credential_source"];
  const file = isFields(source) ? text(source, "file") : "";
  if (file === "") throw noCredentials("Google credentials of type external_account are followed only with a token in a file");
  const content = (await readFile(file, "utf8")).trim();
  const format = isFields(source) && isFields(source["format"]) ? source["format"] : {};
  const parsed: unknown = text(format, "type") === "json" ? parseJson(content) : undefined;
  const subject = isFields(parsed) ? text(parsed, text(format, "subject_token_field_name")) : content;
  const impersonation = text(account, "service_account_impersonation_url");
  const exchanged = await tokenFrom(deps, text(account, "token_url") || "https://sts.googleapis.com/v1/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: text(account, "audience"),
    scope: impersonation === "" ? SCOPE : "https://www.googleapis.com/auth/cloud-platform",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: subject,
    subject_token_type: text(account, "subject_token_type"),
  });
  if (impersonation === "") return exchanged;
  const headers = { authorization: `Bearer ${exchanged.value}`, "content-type": "application/json" };
  const answer = await fieldsFrom(deps, impersonation, { headers, body: JSON.stringify({ scope: [SCOPE] }) });
  return { value: text(answer, "accessToken"), expiresAt: Date.parse(text(answer, "expireTime")) };
}

async function tokenOf(deps: CredentialDeps, account: Fields): Promise<Expiring<string>> {
  const url = text(account, "token_uri") || TOKEN_URL;
  switch (account["type"]) {
    case "service_account":
      return tokenFrom(deps, url, { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: assertion(account, deps.clock.now(), url) });
    case "authorized_user": {
      const [client_id, client_secret, refresh_token] = ["client_id", "client_secret", "refresh_token"].map((name) => text(account, name));
      return tokenFrom(deps, url, {
        grant_type: "refresh_token",
        client_id: client_id ?? "",
        client_secret: client_secret ?? "",
        refresh_token: refresh_token ?? "",
      });
    }
    case "external_account":
      return federated(deps, account);
    default:
      throw noCredentials(`Google credentials of type ${JSON.stringify(account["type"])} are not supported`);
  }
}

/** The credentials file, or its text itself: a Secret that becomes environment holds no files. */
async function credentialsIn(environment: Environment): Promise<Fields | undefined> {
  const given = environment["GOOGLE_APPLICATION_CREDENTIALS"];
  const home = environment["HOME"];
  const usual = home ? join(home, ".config", "gcloud", "application_default_credentials.json") : undefined;
  const content = given?.trimStart().startsWith("{")
    ? given
    : given
      ? await readFile(given, "utf8")
      : await readFile(usual ?? "", "utf8").catch(() => undefined);
  if (content === undefined) return undefined;
  const fields: unknown = parseJson(content);
  if (!isFields(fields)) throw new Error("an object was expected");
  return fields;
}

/** An access token from where Google's programs look for one. Undefined for an emulator, which wants none. */
export function googleToken(deps: CredentialDeps): () => Promise<string | undefined> {
  const { environment } = deps;
  if (environment["STORAGE_EMULATOR_HOST"]) return () => Promise.resolve(undefined);
  return refreshed(deps.clock, async () => {
    const account = await credentialsIn(environment).catch((thrown: unknown) => {
      throw noCredentials(`the Google credentials named by GOOGLE_APPLICATION_CREDENTIALS cannot be read: ${messageOf(thrown).slice(0, 200)}`, thrown);
    });
    if (account !== undefined) return tokenOf(deps, account);
    const host = environment["GCE_METADATA_HOST"] ?? "metadata.google.internal";
    return tokenFrom(deps, `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`).catch((thrown: unknown) => {
      throw noCredentials("there are no Google credentials: set GOOGLE_APPLICATION_CREDENTIALS, or give the pod a workload identity", thrown);
    });
  });
}
