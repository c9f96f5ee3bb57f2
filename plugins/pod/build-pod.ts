import { TerminalFailure } from "../../base/index.ts";
import { isParameterProblems, parametersOf, isProblems, renderTemplates, type TemplateContext } from "../../values/index.ts";
import { CODE_PATH, type EnvEntry, environmentOf } from "../environment.ts";
import type { BuildContext, Manifest } from "../plugin.ts";
import { CONTAINER_SECURITY, downloadContainer, MAIN, sidecarContainer, VOLUME } from "./copilot-containers.ts";
import { wireSecrets } from "./secrets.ts";
import { refuseStorageSecret } from "./storage-credentials.ts";

const NOT_IN_NAME = /[^a-zA-Z0-9_]/g;

function templateContext(context: BuildContext): TemplateContext {
  const { data, identity, recipe } = context;
  const inputs = parametersOf(recipe.interface.inputs);
  if (isParameterProblems(inputs)) throw new TerminalFailure("InvalidSpec", inputs.map(({ message }) => message).join("; "));
  return {
    inputs,
    literals: context.inputs,
    inputPath: "$(FLYTEOPS_INPUTS)",
    layout: recipe.data.layout,
    flyte: {
      input: data.inputsUri,
      inputPrefix: data.inputsUri.replace(/\/inputs\.pb$/, ""),
      outputPrefix: data.prefixUri,
      rawOutputDataPrefix: data.rawUri,
      perRetryUniqueKey: `a_${identity.runUid}_${identity.action}_${context.map?.index ?? ""}_${context.attempt}`.replace(NOT_IN_NAME, "_"),
      checkpointOutputPrefix: `${data.rawUri}/_flytecheckpoints`,
      prevCheckpointPrefix: '""',
      namespace: identity.namespace,
      ...(recipe.runStartTime === undefined ? {} : { runStartTime: recipe.runStartTime }),
    },
  };
}

/** Command, args and env with their templates filled in. TerminalFailure with the first problem's code. */
function rendered(context: BuildContext) {
  const { command, args, env } = context.recipe.container;
  const result = renderTemplates({ command, args, env }, templateContext(context));
  if (!isProblems(result)) return result;
  const [first] = result;
  throw new TerminalFailure(first?.code ?? "InvalidSpec", result.map(({ message, path }) => `container.${path.join(".")}: ${message}`).join("; "));
}

function mainContainer(context: BuildContext, secrets: ReturnType<typeof wireSecrets>): Readonly<Record<string, unknown>> {
  const { recipe, code } = context;
  const { command, args, env } = rendered(context);
  const workingDir = recipe.container.workingDir ?? (code ? CODE_PATH : undefined);
  return {
    name: MAIN,
    image: recipe.container.image,
    ...(command.length > 0 ? { command } : {}),
    ...(args.length > 0 ? { args } : {}),
    ...(workingDir === undefined ? {} : { workingDir }),
    env: environmentOf(context, env satisfies readonly EnvEntry[], secrets.env),
    ...(secrets.envFrom.length > 0 ? { envFrom: secrets.envFrom } : {}),
    resources: context.resources,
    volumeMounts: [
      { name: VOLUME.inputs, mountPath: recipe.data.inputPath, readOnly: true },
      { name: VOLUME.outputs, mountPath: recipe.data.outputPath },
      ...(code ? [{ name: VOLUME.code, mountPath: CODE_PATH, readOnly: true }] : []),
      ...secrets.mounts,
    ],
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function podSecurity({ config }: BuildContext) {
  return {
    seccompProfile: { type: "RuntimeDefault" },
    ...(config.runAsUser === undefined ? {} : { runAsUser: config.runAsUser, runAsNonRoot: config.runAsUser !== 0 }),
    ...(config.fsGroup === undefined ? {} : { fsGroup: config.fsGroup }),
  };
}

function placement({ config, interruptible }: BuildContext) {
  const { tolerations, nodeSelector } = (interruptible ? config.interruptible : undefined) ?? {};
  return { ...(tolerations ? { tolerations } : {}), ...(nodeSelector ? { nodeSelector } : {}) };
}

/** The pod of one attempt: copilot, the user's program with its two directories, sidecar. */
export function buildPod(context: BuildContext): Manifest {
  const { serviceAccountName, timeoutMs, config } = context;
  refuseStorageSecret(context);
  const secrets = wireSecrets(context.recipe.secrets);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      annotations: {
        "kubectl.kubernetes.io/default-container": MAIN,
        ...(context.interruptible ? {} : { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" }),
      },
    },
    spec: {
      restartPolicy: "Never",
      enableServiceLinks: false,
      ...(serviceAccountName === undefined ? { automountServiceAccountToken: false } : { serviceAccountName }),
      terminationGracePeriodSeconds: config.uploadSeconds,
      ...(timeoutMs === undefined ? {} : { activeDeadlineSeconds: Math.max(1, Math.ceil(timeoutMs / 1_000)) }),
      securityContext: podSecurity(context),
      ...placement(context),
      // The sidecar first: its start overlaps with the download, which waits for it.
      initContainers: [sidecarContainer(context), downloadContainer(context)],
      containers: [mainContainer(context, secrets)],
      volumes: [
        { name: VOLUME.inputs, emptyDir: {} },
        { name: VOLUME.outputs, emptyDir: {} },
        { name: VOLUME.copilot, emptyDir: {} },
        ...(context.code ? [{ name: VOLUME.code, emptyDir: {} }] : []),
        ...secrets.volumes,
      ],
    },
  };
}
