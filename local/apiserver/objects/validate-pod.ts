import { type Fields, jsonEqual } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { type Cause, fieldCause } from "../../../schema/structural/index.ts";
import { fieldsOf, listOf } from "./default-pod.ts";
import { labelProblems, subdomainProblems } from "./names.ts";
import { checkContainer } from "./validate-container.ts";

const { duplicate, forbidden, invalid, notSupported, required } = fieldCause;
const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const MAX_INT32 = 2 ** 31 - 1;

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const each = (field: string, value: unknown, problems: readonly string[]): Cause[] => problems.map((problem) => invalid(field, value, problem));

/** What a volume of each kind cannot do without. */
const VOLUME_NEEDS: Readonly<Record<string, string>> = {
  hostPath: "path",
  secret: "secretName",
  configMap: "name",
  persistentVolumeClaim: "claimName",
  csi: "driver",
  nfs: "server",
};

function checkSource(volume: Fields, path: string): Cause[] {
  const sources = Object.keys(volume).filter((name) => name !== "name");
  const [first, ...more] = sources;
  if (first === undefined) return [required(path, "must specify a volume type")];
  const causes = more.map((name) => forbidden(`${path}.${name}`, "may not specify more than 1 volume type"));
  const need = VOLUME_NEEDS[first];
  if (need !== undefined && !fieldsOf(volume[first])?.[need]) causes.push(required(`${path}.${first}.${need}`, ""));
  return causes;
}

function checkVolumes(spec: Fields): Cause[] {
  const seen = new Set<string>();
  return listOf(spec["volumes"]).flatMap((volume, index) => {
    const path = `spec.volumes[${index}]`;
    const name = textOf(volume["name"]);
    const causes = checkSource(volume, path);
    if (name === "") causes.push(required(`${path}.name`, ""));
    else causes.push(...each(`${path}.name`, name, labelProblems(name)));
    if (name !== "" && seen.has(name)) causes.push(duplicate(`${path}.name`, name));
    if (causes.length === 0) seen.add(name);
    return causes;
  });
}

function checkInitContainer(container: Fields, path: string): Cause[] {
  const sidecar = container["restartPolicy"] === "Always";
  const unsupported = sidecar ? [] : ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"].filter((name) => container[name] !== undefined);
  return unsupported.map((name) => forbidden(`${path}.${name}`, "may not be set for init containers without restartPolicy=Always"));
}

function checkContainers(spec: Fields): Cause[] {
  const volumes = new Set(listOf(spec["volumes"]).map((volume) => textOf(volume["name"])));
  const seen = new Set<string>();
  const check = (list: "containers" | "initContainers") =>
    listOf(spec[list]).flatMap((container, index) => {
      const path = `spec.${list}[${index}]`;
      const causes = checkContainer(container, path, { volumes });
      if (list === "initContainers") causes.push(...checkInitContainer(container, path));
      const name = textOf(container["name"]);
      if (name !== "" && seen.has(name)) causes.push(duplicate(`${path}.name`, name));
      seen.add(name);
      return causes;
    });
  const none = listOf(spec["containers"]).length === 0 ? [required("spec.containers", "")] : [];
  return [...none, ...check("containers"), ...check("initContainers")];
}

function checkNumbers(spec: Fields): Cause[] {
  const causes: Cause[] = [];
  const deadline = spec["activeDeadlineSeconds"];
  if (typeof deadline === "number" && (deadline < 1 || deadline > MAX_INT32)) {
    causes.push(invalid("spec.activeDeadlineSeconds", deadline, `must be between 1 and ${MAX_INT32}, inclusive`));
  }
  return causes;
}

function checkSpec(spec: Fields): Cause[] {
  const causes = [...checkVolumes(spec), ...checkContainers(spec)];
  if (!RESTART_POLICIES.includes(textOf(spec["restartPolicy"]))) causes.push(notSupported("spec.restartPolicy", spec["restartPolicy"] ?? "", RESTART_POLICIES));
  if (!DNS_POLICIES.includes(textOf(spec["dnsPolicy"]))) causes.push(notSupported("spec.dnsPolicy", spec["dnsPolicy"] ?? "", DNS_POLICIES));
  const [account, node, host] = [textOf(spec["serviceAccountName"]), textOf(spec["nodeName"]), textOf(spec["hostname"])];
  if (account !== "") causes.push(...each("spec.serviceAccountName", account, subdomainProblems(account)));
  if (node !== "") causes.push(...each("spec.nodeName", node, subdomainProblems(node)));
  if (host !== "") causes.push(...each("spec.hostname", host, labelProblems(host)));
  return [...causes, ...checkNumbers(spec)];
}

const IMMUTABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

function withoutImages(containers: unknown): unknown {
  return listOf(containers).map(({ image: _image, ...container }) => container);
}

/** The part of a spec that no update may change. */
function fixedPart(spec: Fields): Fields {
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, schedulingGates: _gates, containers, initContainers, ...rest } = spec;
  return { ...rest, containers: withoutImages(containers), initContainers: withoutImages(initContainers) };
}

function checkDeadlineUpdate(spec: Fields, old: Fields): Cause[] {
  const [deadline, before] = [spec["activeDeadlineSeconds"], old["activeDeadlineSeconds"]];
  const field = "spec.activeDeadlineSeconds";
  if (typeof before !== "number") return [];
  if (deadline === undefined || deadline === null) return [invalid(field, null, "must not update from a positive integer to nil value")];
  return typeof deadline === "number" && deadline > before ? [invalid(field, deadline, "must be less than or equal to previous value")] : [];
}

function checkTolerationsUpdate(spec: Fields, old: Fields): Cause[] {
  const now = listOf(spec["tolerations"]);
  const kept = listOf(old["tolerations"]).every((toleration) =>
    now.some((other) => jsonEqual({ ...toleration, tolerationSeconds: 0 }, { ...other, tolerationSeconds: 0 })),
  );
  return kept ? [] : [forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];
}

function checkSpecUpdate(spec: Fields, old: Fields): Cause[] {
  for (const list of ["containers", "initContainers"]) {
    if (listOf(spec[list]).length !== listOf(old[list]).length) return [forbidden(`spec.${list}`, "pod updates may not add or remove containers")];
  }
  const causes = [...checkDeadlineUpdate(spec, old), ...checkTolerationsUpdate(spec, old)];
  const emptied = listOf(spec["containers"]).findIndex((container) => !container["image"]);
  if (emptied >= 0) causes.push(required(`spec.containers[${emptied}].image`, ""));
  return jsonEqual(fixedPart(spec), fixedPart(old)) ? causes : [...causes, forbidden("spec", IMMUTABLE)];
}

/** Rules of a pod's spec; on update, that nothing fixed has changed. */
export function validatePod(pod: KubeObject, old: KubeObject | undefined): Cause[] {
  const spec = fieldsOf(pod["spec"]) ?? {};
  const causes = checkSpec(spec);
  return old ? [...causes, ...checkSpecUpdate(spec, fieldsOf(old["spec"]) ?? {})] : causes;
}
