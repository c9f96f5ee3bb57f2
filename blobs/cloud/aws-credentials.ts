import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, messageOf, parseJson } from "../../base/index.ts";
import { BlobError } from "../store.ts";
import { encodeQuery } from "./encode.ts";
import { type Http, textOf } from "./http.ts";
import { type Expiring, refreshed } from "./refreshed.ts";
import type { AwsKeys } from "./sigv4.ts";
import { childOf, parseXml, textIn } from "./xml.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CredentialDeps {
  readonly http: Http;
  readonly clock: Clock;
  readonly environment: Environment;
}

/** No credentials, or a source of them that does not work: an operator must act. */
export function noCredentials(message: string, cause?: unknown): BlobError {
  return new BlobError("BlobAccessDenied", message, { cause });
}

type Source = (deps: CredentialDeps) => Promise<Expiring<AwsKeys> | undefined>;

function keysOf(accessKeyId?: string, secretAccessKey?: string, sessionToken?: string): AwsKeys | undefined {
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

const fromEnvironment: Source = ({ environment }) => {
  const value = keysOf(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], environment["AWS_SESSION_TOKEN"]);
  return Promise.resolve(value && { value });
};

type Section = Readonly<Record<string, string>>;

/** The sections of an ini file; {} where there is no file. */
async function iniSections(path: string): Promise<Readonly<Record<string, Section>>> {
  const text = await readFile(path, "utf8").catch(() => "");
  const sections: Record<string, Record<string, string>> = {};
  let current: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*(.+?)\s*\]/.exec(line)?.[1];
    const entry = /^\s*([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (header !== undefined) sections[header] = current = { ...sections[header] };
    else if (entry?.[1] !== undefined) current[entry[1]] = entry[2] ?? "";
  }
  return sections;
}

/** What the files of the AWS command line say about the profile that AWS_PROFILE names. */
export async function awsProfile(environment: Environment): Promise<Section> {
  const home = environment["HOME"];
  const name = environment["AWS_PROFILE"] || "default";
  const path = (given: string | undefined, file: string) => given ?? (home ? join(home, ".aws", file) : "");
  const [config, credentials] = await Promise.all([
    iniSections(path(environment["AWS_CONFIG_FILE"], "config")),
    iniSections(path(environment["AWS_SHARED_CREDENTIALS_FILE"], "credentials")),
  ]);
  return { ...config[name === "default" ? "default" : `profile ${name}`], ...credentials[name] };
}

const UNSUPPORTED_PROFILE = ["sso_session", "sso_start_url", "credential_process", "role_arn"];

const fromProfile: Source = async ({ environment }) => {
  const profile = await awsProfile(environment);
  const value = keysOf(profile["aws_access_key_id"], profile["aws_secret_access_key"], profile["aws_session_token"]);
  if (value !== undefined) return { value };
  const name = environment["AWS_PROFILE"];
  const way = UNSUPPORTED_PROFILE.find((key) => profile[key] !== undefined);
  if (way !== undefined)
    throw noCredentials(
      `the AWS profile ${name ?? "default"} uses ${way}, which is not followed here: eval "$(aws configure export-credentials --format env)"`,
    );
  if (name) throw noCredentials(`the AWS profile ${name} has no access key`);
  return undefined;
};

function millisecondsOf(date: string): number | undefined {
  const at = Date.parse(date);
  return Number.isNaN(at) ? undefined : at;
}

function expiring(value: AwsKeys | undefined, expiration: string): Expiring<AwsKeys> | undefined {
  const expiresAt = millisecondsOf(expiration);
  return value && { value, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

async function answerOf(http: Http, address: string, init: { method?: "GET" | "PUT"; headers?: Record<string, string> } = {}): Promise<string> {
  const url = new URL(address);
  const answer = await http({ method: init.method ?? "GET", origin: url.origin, path: `${url.pathname}${url.search}`, headers: init.headers ?? {} });
  const text = await textOf(answer);
  if (answer.status !== 200) throw new Error(`${url.origin} answers ${answer.status}`);
  return text;
}

/** A role for the pod's ServiceAccount (IAM roles for service accounts). */
const fromWebIdentity: Source = async ({ http, environment }) => {
  const [file, role] = [environment["AWS_WEB_IDENTITY_TOKEN_FILE"], environment["AWS_ROLE_ARN"]];
  if (!file || !role) return undefined;
  const region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "us-east-1";
  const endpoint = environment["AWS_ENDPOINT_URL_STS"] ?? `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  const query = {
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: environment["AWS_ROLE_SESSION_NAME"] ?? "flyteops",
    WebIdentityToken: (await readFile(file, "utf8")).trim(),
  };
  const answer = parseXml(await answerOf(http, `${endpoint}/${encodeQuery(query)}`));
  const found = childOf(childOf(answer, "AssumeRoleWithWebIdentityResult"), "Credentials");
  return expiring(keysOf(textIn(found, "AccessKeyId"), textIn(found, "SecretAccessKey"), textIn(found, "SessionToken")), textIn(found, "Expiration"));
};

function keysInJson(text: string): Expiring<AwsKeys> | undefined {
  const found = parseJson(text) as Readonly<Record<string, string>>;
  return expiring(keysOf(found["AccessKeyId"], found["SecretAccessKey"], found["Token"]), found["Expiration"] ?? "");
}

/** EKS Pod Identity and ECS tasks. */
const fromContainer: Source = async ({ http, environment }) => {
  const relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  const url = relative ? `http://169.254.170.2${relative}` : environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  if (!url) return undefined;
  const file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const token = file ? (await readFile(file, "utf8")).trim() : environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
  return keysInJson(await answerOf(http, url, { headers: token ? { authorization: token } : {} }));
};

/** The role of the machine. Asked last: away from Amazon nobody answers there. */
const fromInstance: Source = async ({ http, environment }) => {
  if (environment["AWS_EC2_METADATA_DISABLED"] === "true") return undefined;
  const root = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"]?.replace(/\/+$/, "") ?? "http://169.254.169.254";
  const token = await answerOf(http, `${root}/latest/api/token`, { method: "PUT", headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" } });
  const headers = { "x-aws-ec2-metadata-token": token };
  const roles = `${root}/latest/meta-data/iam/security-credentials/`;
  const role = (await answerOf(http, roles, { headers })).trim().split("\n")[0] ?? "";
  return keysInJson(await answerOf(http, `${roles}${role}`, { headers }));
};

const SOURCES: readonly (readonly [string, Source])[] = [
  ["the environment", fromEnvironment],
  ["the web identity token", fromWebIdentity],
  ["the profile", fromProfile],
  ["the container's credentials", fromContainer],
  ["the machine's role", fromInstance],
];

/** Keys from where AWS programs look for them, in their order. Rejects with BlobAccessDenied that says where was looked. */
export function awsKeys(deps: CredentialDeps): () => Promise<AwsKeys> {
  return refreshed(deps.clock, async () => {
    for (const [name, source] of SOURCES) {
      const found = await source(deps).catch((thrown: unknown) => {
        if (thrown instanceof BlobError) throw thrown;
        if (source === fromInstance) return undefined;
        throw new BlobError("BlobStoreUnavailable", `no AWS credentials from ${name}: ${messageOf(thrown)}`, { cause: thrown });
      });
      if (found !== undefined) return found;
    }
    throw noCredentials("there are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the pod a role");
  });
}
