import { type AuthoredConfig } from "../../config/index.ts";
import { isFields, type Json } from "../../base/index.ts";
import { checkerOfShape, fillDefaults } from "../../schema/index.ts";
import { MOUNT } from "./names.ts";
import { coreValues, type Flavour, singleValues, type Values, valuesShape } from "./values.ts";

export interface ValuesProblem {
  /** Dotted, `config.storage.container`; empty: the values as a whole. */
  readonly path: string;
  readonly message: string;
}

type Tree = { [key: string]: Json };

/** What the configuration of an installation begins with, where that of the program alone would begin otherwise. */
function installationConfig(flavour: Flavour): AuthoredConfig {
  return {
    database: { ...(flavour === "single" ? { embedded: true } : {}), postgres: { passwordPath: `${MOUNT.databaseSecret}/password` } },
    storage: {
      type: "s3",
      connection: { accessKeyPath: `${MOUNT.storageSecret}/AWS_ACCESS_KEY_ID`, secretKeyPath: `${MOUNT.storageSecret}/AWS_SECRET_ACCESS_KEY` },
    },
  };
}

/** What holds where nobody says otherwise: the values.yaml of the chart. */
export function defaultValues(flavour: Flavour): Values {
  const { config: _, ...filled } = fillDefaults(valuesShape(flavour).node, {}) as Tree;
  return { ...filled, config: installationConfig(flavour) } as unknown as Values;
}

/** One document over another, as Helm merges values: objects by key, everything else replaced, null takes away. */
export function mergeValues(below: Json, above: Json): Json {
  if (!isFields(below) || !isFields(above)) return above;
  const merged: Tree = { ...(below as Tree) };
  for (const [key, value] of Object.entries(above as Tree)) {
    if (value === null) delete merged[key];
    else merged[key] = key in merged ? mergeValues(merged[key] as Json, value) : value;
  }
  return merged;
}

const CHECK = { single: checkerOfShape(singleValues, "the values"), core: checkerOfShape(coreValues, "the values") } as const;

type Rule = (values: Values, flavour: Flavour) => ValuesProblem | undefined;

/** What the values may not say, beyond their form. The charts refuse the same in templates/checks.yaml. */
const RULES: readonly Rule[] = [
  ({ config }) => {
    const { type, container } = config.storage ?? {};
    if (type === "local" || type === "mem")
      return { path: "config.storage.type", message: `a store of type ${type} is out of reach of pods: use s3, google or azure` };
    return container === undefined ? { path: "config.storage.container", message: "name the bucket or container of the object store" } : undefined;
  },
  ({ config }, flavour) =>
    flavour === "core" && config.database?.embedded
      ? { path: "config.database.embedded", message: "the flavour core shares one PostgreSQL: name its host" }
      : undefined,
  ({ config }) =>
    !config.database?.embedded && config.database?.postgres?.host === undefined
      ? { path: "config.database.postgres.host", message: "name the host of PostgreSQL" }
      : undefined,
  ({ config: { database } }) =>
    database?.embedded && database.postgres?.host !== undefined
      ? {
          path: "config.database.embedded",
          message: "says that flyteops starts a PostgreSQL of its own, beside a host of yours: set it to false, or leave the host out",
        }
      : undefined,
  ({ config: { server = {} } }) =>
    (server.healthAddress ?? ":8081") !== ":8081" || (server.metricsAddress ?? ":9090") !== ":9090"
      ? { path: "config.server", message: "probes, Services and policies expect health on :8081 and metrics on :9090" }
      : undefined,
  ({ api, config: { server = {} } }) =>
    api.enabled && (server.apiAddress ?? ":8090") !== ":8090"
      ? { path: "config.server.apiAddress", message: "the Service and policies of the API expect it on :8090" }
      : undefined,
  ({ config, controller }) =>
    config.database?.embedded && controller.replicas > 1
      ? { path: "controller.replicas", message: "the embedded PostgreSQL has one volume: at most one replica" }
      : undefined,
];

/** The effective values of what somebody wrote, and everything wrong with it. `values` is to be used only when nothing is. */
export function parseValues(flavour: Flavour, written: Json): { readonly values: Values; readonly problems: readonly ValuesProblem[] } {
  const merged = mergeValues(defaultValues(flavour) as unknown as Json, written ?? {});
  const problems: ValuesProblem[] = CHECK[flavour](merged)
    .map(({ path, message }) => ({ path: path.join("."), message }))
    .filter(({ path }) => path !== "config.storage.container" && path !== "config.storage");
  const values = merged as unknown as Values;
  if (problems.length === 0) problems.push(...RULES.flatMap((rule) => rule(values, flavour) ?? []));
  return { values, problems };
}
