import { parseDuration } from "../../base/index.ts";
import { EXIT, UserError } from "../../cli/index.ts";
import { type Config, type ConfigSources, loadConfig, type LoadedConfig, problemLine } from "../../config/index.ts";
import type { StorageSecret } from "../../controllers/project/index.ts";
import type { LeaseTiming } from "../../kube/index.ts";
import { defaultPluginConfig, type PluginConfig } from "../../plugins/index.ts";
import { type ControllerName, CONTROLLERS } from "../product-controllers.ts";

/** Milliseconds of a duration that the schema has checked. */
export const milliseconds = (text: string): number => parseDuration(text) ?? 0;

/** Reads the configuration. UserError that names every wrong key and its place. */
export function readSettings(sources: ConfigSources): LoadedConfig {
  const loaded = loadConfig(sources);
  if (loaded.problems.length === 0) return loaded;
  throw new UserError(`the configuration is invalid\n${loaded.problems.map((problem) => `  ${problemLine(problem)}`).join("\n")}`, {
    exitCode: EXIT.usage,
    hint: "every key, its default and its meaning: flyteops config docs",
  });
}

/** The controllers that a configuration names. UserError for a name that none has. */
export function controllerNames({ controller: { controllers } }: Config): readonly ControllerName[] {
  const unknown = controllers.filter((name) => name !== "*" && !(CONTROLLERS as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new UserError(`controller.controllers: there is no controller ${unknown.join(", ")}; there are ${CONTROLLERS.join(", ")}, and * for all`, {
      exitCode: EXIT.usage,
    });
  return controllers.includes("*") ? CONTROLLERS : CONTROLLERS.filter((name) => controllers.includes(name));
}

export function leaseTiming({ controller: { leaderElection } }: Config): LeaseTiming {
  return {
    leaseDurationMs: milliseconds(leaderElection.leaseDuration),
    renewDeadlineMs: milliseconds(leaderElection.renewDeadline),
    retryPeriodMs: milliseconds(leaderElection.retryPeriod),
  };
}

const texts = (amounts: Readonly<Record<string, string | number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));

/** The Secret that Projects get a copy of; undefined where nobody wants that. */
export function storageSecretOf({ storage: { copySecret, secretName } }: Config, namespace: string): StorageSecret | undefined {
  return copySecret === "projects" && secretName !== undefined ? { name: secretName, namespace } : undefined;
}

/** Variables that say where the object store is and how it is reached, without those that let in. */
const isSecret = (name: string): boolean => /KEY|SECRET|TOKEN|CREDENTIALS/.test(name);

/** How pods look. `storage` is what `storageEnvironmentOf` gives; its secrets go by the Secret, never by the pod's own text. */
export function pluginConfigOf({ plugins, storage }: Config, version: string, storageEnv: Readonly<Record<string, string>>): PluginConfig {
  const { copilot, k8s } = plugins;
  return {
    ...defaultPluginConfig,
    copilotImage: copilot.image ?? `flyteops:${version}`,
    copilotResources: { requests: texts(copilot.requests), limits: texts(copilot.limits) },
    ...(storage.secretName === undefined ? {} : { storageSecret: storage.secretName }),
    storageEnv: Object.fromEntries(Object.entries(storageEnv).filter(([name]) => !isSecret(name))),
    uploadSeconds: Math.ceil(milliseconds(copilot.uploadTimeout) / 1_000),
    ...(k8s["run-as-user"] === undefined ? {} : { runAsUser: k8s["run-as-user"] }),
    ...(k8s["fs-group"] === undefined ? {} : { fsGroup: k8s["fs-group"] }),
    labels: k8s["default-labels"],
    annotations: k8s["default-annotations"],
    grace: {
      imagePullMs: milliseconds(k8s["image-pull-backoff-grace-period"]),
      createContainerMs: milliseconds(k8s["create-container-error-grace-period"]),
      containerConfigMs: milliseconds(k8s["create-container-config-error-grace-period"]),
    },
  };
}
