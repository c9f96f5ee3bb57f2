import type { ApiObject, Chart } from "cdk8s";
import { k8s } from "cdk8s-plus-28";
import { stringify } from "yaml";
import { type Json, stringifyJson } from "../../base/index.ts";
import type { AuthoredConfig } from "../../config/index.ts";
import { SYSTEM_NAMESPACE } from "../tenancy.ts";
import { type Context, imageOf, isEmbedded } from "./context.ts";
import { mergeValues } from "./effective-values.ts";
import { metadata } from "./metadata.ts";
import { NAME } from "./names.ts";

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

/** YAML that is the same for the same configuration, whatever the order in which its keys were written. */
function configText(config: AuthoredConfig): string {
  return stringify(JSON.parse(stringifyJson(config as unknown as Json)), { sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0 });
}

/** The two ConfigMaps: what the programs read, and what clients look up. */
export function configuration(chart: Chart, context: Context): ApiObject[] {
  const { version, values } = context;
  const facts = { version, component: "configuration", namespace: SYSTEM_NAMESPACE };
  return [
    new k8s.KubeConfigMap(chart, "config", { metadata: metadata(NAME.config, facts), data: { "config.yaml": configText(configOf(context)) } }),
    new k8s.KubeConfigMap(chart, "facts", { metadata: metadata(NAME.facts, facts), data: { storage: storageUri(values.config), version } }),
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
