import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RetryableFailure, TerminalFailure } from "../../base/index.ts";

/** What a Secret of a GitSync says, decoded. Never logged, never in a status, never an argument of a process. */
export interface GitCredentials {
  /** https: sent as basic authentication. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** https: sent as a bearer token, instead of the two above. */
  readonly bearerToken?: string | undefined;
  /** ssh: a private key without passphrase. */
  readonly identity?: string | undefined;
  /** ssh: the only host keys that are accepted. */
  readonly knownHosts?: string | undefined;
  /** https: PEM, the only authorities that are accepted. */
  readonly ca?: string | undefined;
  /** https: PEM of a client certificate and its key. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** Keys of the Secret, the same as Flux reads. */
const KEYS = {
  username: "username",
  password: "password",
  bearerToken: "bearerToken",
  identity: "identity",
  knownHosts: "known_hosts",
  ca: "ca.crt",
  certificate: "tls.crt",
  key: "tls.key",
} as const satisfies Record<keyof GitCredentials, string>;

function unusable(message: string): RetryableFailure {
  return new RetryableFailure("CredentialsUnusable", message);
}

/** An OpenSSH key names its cipher in clear at its start; the older forms say ENCRYPTED. */
function hasPassphrase(identity: string): boolean {
  if (identity.includes("ENCRYPTED")) return true;
  const body = /BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(identity)?.[1];
  return body !== undefined && !Buffer.from(body, "base64").subarray(0, 64).toString("latin1").includes("none");
}

function forSsh(found: GitCredentials, named: string): GitCredentials {
  const { identity, knownHosts } = found;
  if (!identity || !knownHosts) throw unusable(`${named}: an ssh repository needs the keys identity and known_hosts (ssh-keyscan prints the latter)`);
  if (hasPassphrase(identity)) throw unusable(`${named}: identity has a passphrase; store a key without one (ssh-keygen -p)`);
  return { identity, knownHosts };
}

function forHttps(found: GitCredentials, named: string): GitCredentials {
  const { username, password, bearerToken, ca, certificate, key } = found;
  if (bearerToken !== undefined && password !== undefined) throw unusable(`${named}: it has both bearerToken and password; keep one`);
  if ((username === undefined) !== (password === undefined)) throw unusable(`${named}: username and password belong together`);
  if ((certificate === undefined) !== (key === undefined)) throw unusable(`${named}: tls.crt and tls.key belong together`);
  if ([password, bearerToken, ca, certificate].every((value) => value === undefined)) {
    throw unusable(`${named}: an https repository needs username and password, or bearerToken, or tls.crt and tls.key, or ca.crt`);
  }
  if (/[\r\n\0]/.test(`${username ?? ""}${password ?? ""}${bearerToken ?? ""}`))
    throw unusable(`${named}: username, password or bearerToken holds a line break`);
  return { username, password, bearerToken, ca, certificate, key };
}

/**
 * What of a Secret the address needs. Throws CredentialsUnusable (retryable: the Secret may be mended) with the key that is wrong, never its value;
 * CredentialsNotUsed (terminal) for addresses that take none.
 * @param data of the Secret, base64 as the API has it
 */
export function credentialsOf(url: string, name: string, data: Readonly<Record<string, string>>): GitCredentials {
  const named = `Secret ${name}`;
  const found: Record<string, string> = {};
  for (const [property, key] of Object.entries(KEYS)) {
    const text = data[key] === undefined ? "" : Buffer.from(data[key], "base64").toString("utf8");
    // Tools that make Secrets from files keep the line break at their end; a key file needs it.
    if (text !== "") found[property] = property === "identity" ? `${text.trimEnd()}\n` : text.trimEnd();
  }
  if (/^https:\/\/[^/]*@/i.test(url))
    throw new TerminalFailure("CredentialsNotUsed", "spec.url holds credentials and spec.secretRef names some: keep secretRef");
  if (/^https:/i.test(url)) return forHttps(found, named);
  if (/^ssh:/i.test(url)) return forSsh(found, named);
  throw new TerminalFailure("CredentialsNotUsed", "spec.secretRef is for https and ssh addresses: remove it");
}

/** Settings of git through its environment: an argument would show in the list of processes. */
function configuration(settings: readonly (readonly [string, string])[]): Record<string, string> {
  const pairs = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...(Object.fromEntries(pairs) as Record<string, string>) };
}

function authorization({ username, password, bearerToken }: GitCredentials): string | undefined {
  if (bearerToken !== undefined) return `Authorization: Bearer ${bearerToken}`;
  return password === undefined ? undefined : `Authorization: Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function httpsSettings(url: string, credentials: GitCredentials, file: (name: string) => string): Record<string, string> {
  const scope = `http.${new URL(url).origin}/`;
  const header = authorization(credentials);
  const settings: (readonly [string, string])[] = [
    // A header given by hand would follow a redirect to another host.
    [`${scope}.followRedirects`, "false"],
    ...(header === undefined ? [] : [[`${scope}.extraHeader`, header] as const]),
    ...(credentials.ca === undefined ? [] : [[`${scope}.sslCAInfo`, file("ca")] as const]),
    ...(credentials.certificate === undefined
      ? []
      : ([
          [`${scope}.sslCert`, file("certificate")],
          [`${scope}.sslKey`, file("key")],
        ] as const)),
  ];
  return configuration(settings);
}

/** ssh reads nothing but the two files: no configuration, no agent, no other key. */
function sshSettings(file: (name: string) => string): Record<string, string> {
  const quoted = (name: string) => `'${file(name).replace(/'/g, `'\\''`)}'`;
  const options = [
    "BatchMode=yes",
    "ConnectTimeout=20",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
  ];
  const flags = options.map((option) => `-o ${option}`).join(" ");
  return { GIT_SSH_COMMAND: `ssh -F /dev/null ${flags} -o UserKnownHostsFile=${quoted("knownHosts")} -i ${quoted("identity")}` };
}

const IN_FILES = ["identity", "knownHosts", "ca", "certificate", "key"] as const;

/**
 * Runs `work` with the environment that lets git use the credentials. Keys lie in files of a private directory below `stateDir` meanwhile.
 */
export async function withCredentials<T>(
  stateDir: string,
  url: string,
  credentials: GitCredentials,
  work: (environment: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(stateDir, "credentials-"));
  const file = (name: string) => join(directory, name);
  try {
    for (const name of IN_FILES) if (credentials[name] !== undefined) await writeFile(file(name), credentials[name], { mode: 0o600 });
    return await work(credentials.identity === undefined ? httpsSettings(url, credentials, file) : sshSettings(file));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
