import { readFileSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import type { ClusterPki, Identity } from "./pki.ts";

const base64 = (path: string): string => readFileSync(path).toString("base64");

/** Writes a kubeconfig with everything in it, so that it can be carried to another directory or namespace. */
export function writeKubeconfig(path: string, server: string, { ca }: ClusterPki, user: Identity): void {
  const name = "test-cluster";
  const text = stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(ca.certificate) } }],
    users: [{ name, user: { "client-certificate-data": base64(user.certificate), "client-key-data": base64(user.key) } }],
  });
  writeFileSync(path, text, { mode: 0o600 });
}
