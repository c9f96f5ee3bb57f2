import { randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../base/index.ts";
import { newSigningKey } from "../access/tokens/signing-key.ts";

/** What a listener and its clients need. PEM texts. */
export interface Pki {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Bearer token of the administrator. */
  readonly token: string;
  /** Private key that service account tokens are signed with. */
  readonly signingKey: string;
}

const DAY_MS = 24 * 3_600_000;
const CA_DAYS = 3_650;
const SERVING_DAYS = 365;
/** A serving certificate with less left is made anew at start. */
const RENEW_DAYS = 30;
const NAMES = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
const ADDRESSES = ["127.0.0.1", "::1"];
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

type X509 = typeof import("@peculiar/x509");
type KeyPair = webcrypto.CryptoKeyPair;

interface Authority {
  readonly pem: string;
  readonly keys: KeyPair;
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
}

/** Whole or not at all, readable by the owner only. */
async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", key));
}

async function newKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

/** Loaded only when a certificate must be made: it costs more than the making. */
async function loadX509(): Promise<X509> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto as Crypto);
  return x509;
}

function validity(clock: Clock, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(clock.now() - 3_600_000), notAfter: new Date(clock.now() + days * DAY_MS) };
}

const serial = (): string => `01${randomBytes(15).toString("hex")}`;

async function makeAuthority(directory: string, clock: Clock): Promise<Authority> {
  const x509 = await loadX509();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: "CN=flyteops",
    ...validity(clock, CA_DAYS),
    signingAlgorithm: ALGORITHM,
    keys: keys as CryptoKeyPair,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
    ],
  });
  const text = pem("CERTIFICATE", certificate.rawData);
  await writeSecret(join(directory, "ca.key"), await privatePem(keys.privateKey));
  await writeSecret(join(directory, "ca.crt"), text);
  return { pem: text, keys };
}

async function loadAuthority(directory: string, text: string): Promise<Authority | undefined> {
  const key = await readText(join(directory, "ca.key"));
  if (key === undefined) return undefined;
  const der = Buffer.from(key.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const privateKey = await webcrypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
  const publicKey = await webcrypto.subtle.importKey("spki", new X509Certificate(text).publicKey.export({ type: "spki", format: "der" }), ALGORITHM, true, [
    "verify",
  ]);
  return { pem: text, keys: { privateKey, publicKey } };
}

async function makeServing(directory: string, authority: Authority, clock: Clock): Promise<{ certificate: string; key: string }> {
  const x509 = await loadX509();
  const keys = await newKeys();
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: "CN=flyteops-apiserver",
    issuer: new x509.X509Certificate(authority.pem).subject,
    ...validity(clock, SERVING_DAYS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey as CryptoKey,
    signingKey: authority.keys.privateKey as CryptoKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...NAMES.map((value) => ({ type: "dns" as const, value })),
        ...ADDRESSES.map((value) => ({ type: "ip" as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey as CryptoKey),
    ],
  });
  const [certificate, key] = [pem("CERTIFICATE", made.rawData), await privatePem(keys.privateKey)];
  await writeSecret(join(directory, "server.key"), key);
  await writeSecret(join(directory, "server.crt"), certificate);
  return { certificate, key };
}

function stillGood(certificate: string, ca: string, clock: Clock): boolean {
  try {
    const parsed = new X509Certificate(certificate);
    return Date.parse(parsed.validTo) > clock.now() + RENEW_DAYS * DAY_MS && parsed.verify(new X509Certificate(ca).publicKey);
  } catch {
    return false;
  }
}

async function tokenOf(directory: string): Promise<string> {
  const known = (await readText(join(directory, "token")))?.trim();
  if (known) return known;
  const token = randomBytes(32).toString("base64url");
  await writeSecret(join(directory, "token"), token);
  return token;
}

async function signingKeyOf(directory: string): Promise<string> {
  const known = await readText(join(directory, "sa.key"));
  if (known) return known;
  const key = newSigningKey();
  await writeSecret(join(directory, "sa.key"), key);
  return key;
}

/** Reads the keys and the token kept in a directory, and makes what is missing or about to expire. Only the owner can read them. */
export async function loadPki(directory: string, clock: Clock): Promise<Pki> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const [ca, certificate, key, token, signingKey] = await Promise.all([
    readText(join(directory, "ca.crt")),
    readText(join(directory, "server.crt")),
    readText(join(directory, "server.key")),
    tokenOf(directory),
    signingKeyOf(directory),
  ]);
  if (ca && certificate && key && stillGood(certificate, ca, clock)) return { ca, certificate, key, token, signingKey };
  const authority = (ca && (await loadAuthority(directory, ca))) || (await makeAuthority(directory, clock));
  return { ca: authority.pem, ...(await makeServing(directory, authority, clock)), token, signingKey };
}
