import type { ApiObject, Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { stringify } from "yaml";
import { type Json, stringifyJson } from "../../base/index.ts";
import { type AuthoredConfig, defaultConfig } from "../../config/index.ts";
import { SYSTEM_NAMESPACE } from "../tenancy.ts";
import { type Context, imageOf, isEmbedded } from "./context.ts";
import { mergeValues } from "./effective-values.ts";
import { metadata } from "./metadata.ts";
import { MOUNT, NAME } from "./names.ts";

/** The configuration as the programs read it: copilots come from the image of the installation unless somebody says otherwise. */
export function configOf(context: Context): AuthoredConfig {
  const below = { plugins: { copilot: { image: imageOf(context) } } };
  return mergeValues(below, context.values.config as unknown as Json) as unknown as AuthoredConfig;
}

const SCHEME = { s3: "s3", google: "gs", azure: "abfs" } as const;

/** Where the object store is, as one URI. */
export function storageUri({ storage = {} }: AuthoredConfig): string {
  const scheme = SCHEME[storage.type as keyof typeof SCHEME];
  const account = storage.type === "azure" ? `@${storage.azure?.account ?? ""}` : "";
  const prefix = storage.prefix === undefined || storage.prefix === "" ? "" : `/${storage.prefix}`;
  return `${scheme}://${storage.container ?? ""}${account}${prefix}`;
}

/** How clients reach an S3 server that is not Amazon's. Of the others no address is told: their clients would send it a token that opens everything. */
function storageFacts({ storage = {} }: AuthoredConfig): Record<string, string> {
  if (storage.type !== "s3") return {};
  const { endpoint, region } = storage.connection ?? {};
  const address = storage.connection?.["disable-ssl"] ? endpoint?.replace(/^https:/, "http:") : endpoint;
  return { storageRegion: region ?? defaultConfig.storage.connection.region, ...(address === undefined ? {} : { storageEndpoint: address }) };
}

/** How clients reach the archive, as far as they may read the Secret with the password. */
function databaseFacts({ config, secrets }: Context["values"]): Record<string, string> {
  const { embedded, embeddedDirectory, postgres } = config.database ?? {};
  const usual = defaultConfig.database;
  if (embedded === true) return { databaseEmbedded: embeddedDirectory ?? usual.embeddedDirectory };
  const { host = "", port, dbname, username, options, rootCertPath } = { ...usual.postgres, ...postgres };
  // A socket is a file of the pod.
  if (host.startsWith("/")) return {};
  const server = host.includes(":") ? `[${host}]` : host;
  const [, key] = new RegExp(`^${MOUNT.databaseSecret}/([^/]+)$`).exec(rootCertPath ?? "") ?? [];
  return {
    database: `postgresql://${encodeURIComponent(username)}@${server}:${port}/${encodeURIComponent(dbname)}?${options || "sslmode=verify-full"}`,
    ...(secrets.database === "" ? {} : { databaseSecret: secrets.database }),
    ...(key === undefined || secrets.database === "" ? {} : { databaseRootCertificateKey: key }),
  };
}

/** YAML that is the same for the same configuration, whatever the order in which its keys were written. */
function configText(config: AuthoredConfig): string {
  return stringify(JSON.parse(stringifyJson(config as unknown as Json)), { sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0 });
}

/** What every client of the cluster may know; nothing of it is a secret. */
export const clientFacts = ({ values, version }: Context): Record<string, string> => ({
  storage: storageUri(values.config),
  ...storageFacts(values.config),
  ...databaseFacts(values),
  version,
});

/** The two ConfigMaps: what the programs read, and what clients look up. */
export function configuration(chart: Chart, context: Context): ApiObject[] {
  const { version } = context;
  const facts = { version, component: "configuration", namespace: SYSTEM_NAMESPACE };
  return [
    new k8s.KubeConfigMap(chart, "config", { metadata: metadata(NAME.config, facts), data: { "config.yaml": configText(configOf(context)) } }),
    new k8s.KubeConfigMap(chart, "facts", { metadata: metadata(NAME.facts, facts), data: clientFacts(context) }),
  ];
}

/** The volume of the embedded PostgreSQL. It outlives the installation: what it holds is the history. */
export function volume(chart: Chart, context: Context): ApiObject[] {
  const { volume: wanted } = context.values;
  if (!isEmbedded(context) || !wanted) return [];
  return [
    new k8s.KubePersistentVolumeClaim(chart, "volume", {
      metadata: metadata(NAME.volume, { version: context.version, component: "database", namespace: SYSTEM_NAMESPACE }),
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: k8s.Quantity.fromString(String(wanted.size)) } },
        ...(wanted.storageClassName === "" ? {} : { storageClassName: wanted.storageClassName }),
      },
    }),
  ];
}
