import { generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 3_600_000;
const NAMES = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

export interface Identity {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}

/** The keys of a cluster that lives for an hour: one authority for servers, clients and the front proxy. */
export interface ClusterPki {
  readonly ca: Identity;
  readonly serviceAccounts: { readonly key: string; readonly publicKey: string };
  readonly server: Identity;
  /** A client certificate for a user; groups are organizations. */
  client(name: string, user: string, groups?: readonly string[]): Promise<Identity>;
}

x509.cryptoProvider.set(webcrypto as Crypto);

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
const validity = () => ({ notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 365 * DAY_MS) });
const serialNumber = () => `01${randomBytes(15).toString("hex")}`;

async function save(directory: string, name: string, certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<Identity> {
  const paths = { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
  writeFileSync(paths.key, pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)), { mode: 0o600 });
  writeFileSync(paths.certificate, pem("CERTIFICATE", certificate.rawData));
  return paths;
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

async function authority(): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=cluster-ca",
    ...validity(),
    signingAlgorithm: ALGORITHM,
    keys: keys as CryptoKeyPair,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
    ],
  });
  return { certificate, keys };
}

async function issue({ certificate, keys: signer }: Authority, subject: string, extensions: x509.Extension[]) {
  const keys = await newKeys();
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: certificate.subject,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey as CryptoKey,
    signingKey: signer.privateKey as CryptoKey,
    extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true), ...extensions],
  });
  return { made, keys };
}

function serviceAccountKeys(directory: string): ClusterPki["serviceAccounts"] {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const paths = { key: join(directory, "service-accounts.key"), publicKey: join(directory, "service-accounts.pub") };
  writeFileSync(paths.key, privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  writeFileSync(paths.publicKey, publicKey.export({ type: "spki", format: "pem" }));
  return paths;
}

/** Makes all keys of a cluster in a directory. @param addresses IP addresses that the API server is called by */
export async function clusterPki(directory: string, addresses: readonly string[]): Promise<ClusterPki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ca = await authority();
  const names = [...NAMES.map((value) => ({ type: "dns" as const, value })), ...addresses.map((value) => ({ type: "ip" as const, value }))];
  const serving = [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]), new x509.SubjectAlternativeNameExtension(names)];
  const server = await issue(ca, "CN=kube-apiserver", serving);
  return {
    ca: await save(directory, "ca", ca.certificate, ca.keys),
    serviceAccounts: serviceAccountKeys(directory),
    server: await save(directory, "server", server.made, server.keys),
    async client(name, user, groups = []) {
      const subject = [...groups.map((group) => `O=${group}`), `CN=${user}`].join(", ");
      const { made, keys } = await issue(ca, subject, [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]);
      return save(directory, name, made, keys);
    },
  };
}
