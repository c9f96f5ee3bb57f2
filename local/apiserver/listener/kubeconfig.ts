export interface KubeconfigSpec {
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
  /** Of cluster, user and context. */
  readonly name?: string;
}

/** The text of a kubeconfig with one context. It holds the token: write it for the owner only. */
export function kubeconfig({ url, ca, token, name = "flyteops" }: KubeconfigSpec): string {
  return `apiVersion: v1
kind: Config
current-context: ${name}
clusters:
  - name: ${name}
    cluster:
      server: ${url}
      certificate-authority-data: ${Buffer.from(ca).toString("base64")}
users:
  - name: ${name}
    user:
      token: ${token}
contexts:
  - name: ${name}
    context:
      cluster: ${name}
      user: ${name}
      namespace: default
`;
}
