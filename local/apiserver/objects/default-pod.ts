import { type Fields, isFields } from "../../../base/index.ts";

const DEFAULT_MODE = 0o644;

export const fieldsOf = (value: unknown): Fields | undefined => (isFields(value) ? value : undefined);
export const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

function fill(object: Fields | undefined, defaults: Fields): void {
  if (!object) return;
  for (const [name, value] of Object.entries(defaults)) if (object[name] === undefined || object[name] === "") object[name] = value;
}

function defaultFieldRef(owner: Fields): void {
  fill(fieldsOf(owner["fieldRef"]), { apiVersion: "v1" });
  fill(fieldsOf(owner["resourceFieldRef"]), { divisor: "0" });
}

function defaultProjected(projected: Fields | undefined): void {
  fill(projected, { defaultMode: DEFAULT_MODE });
  for (const source of listOf(projected?.["sources"])) {
    fill(fieldsOf(source["serviceAccountToken"]), { expirationSeconds: 3600 });
    for (const item of listOf(fieldsOf(source["downwardAPI"])?.["items"])) defaultFieldRef(item);
  }
}

function defaultVolume(volume: Fields): void {
  if (Object.keys(volume).every((name) => name === "name")) volume["emptyDir"] = {};
  for (const source of ["secret", "configMap", "downwardAPI"]) fill(fieldsOf(volume[source]), { defaultMode: DEFAULT_MODE });
  for (const item of listOf(fieldsOf(volume["downwardAPI"])?.["items"])) defaultFieldRef(item);
  defaultProjected(fieldsOf(volume["projected"]));
  const hostPath = fieldsOf(volume["hostPath"]);
  if (hostPath && hostPath["type"] === undefined) hostPath["type"] = "";
  fill(fieldsOf(fieldsOf(fieldsOf(volume["ephemeral"])?.["volumeClaimTemplate"])?.["spec"]), { volumeMode: "Filesystem" });
}

function defaultHttpGet(action: Fields | undefined): void {
  fill(fieldsOf(action?.["httpGet"]), { path: "/", scheme: "HTTP" });
  const grpc = fieldsOf(action?.["grpc"]);
  if (grpc && grpc["service"] === undefined) grpc["service"] = "";
}

function defaultProbe(probe: Fields | undefined): void {
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  defaultHttpGet(probe);
}

function pullPolicy(image: unknown): string {
  const text = typeof image === "string" ? image : "";
  const name = text.slice(text.lastIndexOf("/") + 1);
  if (name.includes("@")) return "IfNotPresent";
  const tag = name.includes(":") ? name.slice(name.indexOf(":") + 1) : "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
}

/** What is limited and not requested is requested as limited. */
function defaultRequests(container: Fields): void {
  const resources = fieldsOf(container["resources"]);
  const limits = fieldsOf(resources?.["limits"]);
  if (!resources || !limits) return;
  resources["requests"] = { ...Object.fromEntries(Object.entries(limits)), ...fieldsOf(resources["requests"]) };
}

function defaultContainer(container: Fields, hostNetwork: boolean): void {
  fill(container, { imagePullPolicy: pullPolicy(container["image"]), terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" });
  container["resources"] ??= {};
  defaultRequests(container);
  for (const port of listOf(container["ports"])) {
    fill(port, { protocol: "TCP" });
    if (hostNetwork && !port["hostPort"]) port["hostPort"] = port["containerPort"];
  }
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) defaultProbe(fieldsOf(container[probe]));
  for (const hook of ["postStart", "preStop"]) defaultHttpGet(fieldsOf(fieldsOf(container["lifecycle"])?.[hook]));
  for (const variable of listOf(container["env"])) {
    const source = fieldsOf(variable["valueFrom"]);
    if (source) defaultFieldRef(source);
    const secret = fieldsOf(source?.["fileKeyRef"]);
    if (secret && secret["optional"] === undefined) secret["optional"] = false;
  }
}

/** Defaults of a pod's spec, in place. */
export function defaultPodSpec(spec: Fields): void {
  fill(spec, { restartPolicy: "Always", dnsPolicy: "ClusterFirst", schedulerName: "default-scheduler" });
  fill(spec, { terminationGracePeriodSeconds: 30, enableServiceLinks: true, securityContext: {} });
  if (Number(spec["terminationGracePeriodSeconds"]) < 0) spec["terminationGracePeriodSeconds"] = 1;
  if (spec["serviceAccountName"] ?? spec["serviceAccount"]) {
    spec["serviceAccountName"] ??= spec["serviceAccount"];
    spec["serviceAccount"] = spec["serviceAccountName"];
  }
  for (const list of ["initContainers", "containers", "ephemeralContainers"]) {
    for (const container of listOf(spec[list])) defaultContainer(container, spec["hostNetwork"] === true);
  }
  for (const volume of listOf(spec["volumes"])) defaultVolume(volume);
}
