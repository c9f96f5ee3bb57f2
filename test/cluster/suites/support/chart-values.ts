import type { Services } from "../../node/services.ts";

/** Servers of this tier, as whoever started them told. Empty on another tier. */
export const services = JSON.parse(process.env["FLYTEOPS_CLUSTER_SERVICES"] ?? "{}") as Services;
const [, repository = "", tag = ""] = /^(.*):([^:]+)$/.exec(process.env["FLYTEOPS_CLUSTER_IMAGE"] ?? "") ?? [];
const SECRETS = "/etc/flyteops/secrets";

const database = {
  embedded: false,
  postgres: {
    host: services.database?.host,
    port: services.database?.port,
    dbname: services.database?.name,
    username: services.database?.user,
    passwordPath: `${SECRETS}/database/password`,
    rootCertPath: `${SECRETS}/database/ca.crt`,
  },
};

/** Values of the charts: this tier's servers, everything by TLS that can. @param own what one chart has and another has not */
export function values(own: { readonly database?: object; readonly storage?: object } = { database }): object {
  const { objects } = services;
  return {
    image: { repository, tag, pullPolicy: "Never" },
    config: {
      storage: {
        type: "s3",
        container: objects.bucket,
        secretName: "flyteops-storage",
        connection: {
          endpoint: objects.endpoint,
          "auth-type": "accesskey",
          accessKeyPath: `${SECRETS}/storage/AWS_ACCESS_KEY_ID`,
          secretKeyPath: `${SECRETS}/storage/AWS_SECRET_ACCESS_KEY`,
          "disable-ssl": true,
        },
        ...own.storage,
      },
      database: own.database,
      plugins: { k8s: { "run-as-user": 65_532, "fs-group": 65_532, "image-pull-backoff-grace-period": "2s" } },
    },
  };
}
