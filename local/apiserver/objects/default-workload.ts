import type { Fields } from "../../../base/index.ts";
import { defaultPodSpec, fieldsOf, listOf } from "./default-pod.ts";

function part(object: Fields, name: string): Fields {
  const existing = fieldsOf(object[name]);
  if (existing) return existing;
  const created: Fields = {};
  object[name] = created;
  return created;
}

/** A template has the defaults of a pod but for `enableServiceLinks`, which a pod gets when it is made. */
function defaultTemplate(spec: Fields): void {
  const template = part(spec, "template");
  const pod = part(template, "spec");
  const links = pod["enableServiceLinks"];
  defaultPodSpec(pod);
  if (links === undefined) delete pod["enableServiceLinks"];
  template["metadata"] ??= {};
}

export function defaultReplicaSet(object: Fields): void {
  const spec = part(object, "spec");
  defaultTemplate(spec);
  spec["replicas"] ??= 1;
}

export function defaultDeployment(object: Fields): void {
  const spec = part(object, "spec");
  defaultTemplate(spec);
  spec["replicas"] ??= 1;
  spec["revisionHistoryLimit"] ??= 10;
  spec["progressDeadlineSeconds"] ??= 600;
  const strategy = part(spec, "strategy");
  strategy["type"] ??= "RollingUpdate";
  if (strategy["type"] !== "RollingUpdate") return;
  const rolling = part(strategy, "rollingUpdate");
  rolling["maxUnavailable"] ??= "25%";
  rolling["maxSurge"] ??= "25%";
}

/** One address may be named in two fields: the list follows the single one. */
function pairClusterIps(spec: Fields): void {
  const single = spec["clusterIP"];
  const list = Array.isArray(spec["clusterIPs"]) ? (spec["clusterIPs"] as unknown[]) : [];
  if (typeof single === "string" && single !== "" && list.length === 0) spec["clusterIPs"] = [single];
}

export function defaultService(object: Fields): void {
  const spec = part(object, "spec");
  spec["type"] ??= "ClusterIP";
  spec["sessionAffinity"] ??= "None";
  if (spec["sessionAffinity"] === "ClientIP") {
    const config = part(part(spec, "sessionAffinityConfig"), "clientIP");
    config["timeoutSeconds"] ??= 10_800;
  }
  if (spec["type"] !== "ExternalName") spec["internalTrafficPolicy"] ??= "Cluster";
  if (spec["type"] === "NodePort" || spec["type"] === "LoadBalancer") spec["externalTrafficPolicy"] ??= "Cluster";
  if (spec["type"] === "LoadBalancer") spec["allocateLoadBalancerNodePorts"] ??= true;
  pairClusterIps(spec);
  for (const port of listOf(spec["ports"])) {
    port["protocol"] ??= "TCP";
    port["targetPort"] ??= port["port"];
  }
}

export function defaultEndpoints(object: Fields): void {
  for (const subset of listOf(object["subsets"])) for (const port of listOf(subset["ports"])) port["protocol"] ??= "TCP";
}

export function defaultEndpointSlice(object: Fields): void {
  for (const port of listOf(object["ports"])) {
    port["name"] ??= "";
    port["protocol"] ??= "TCP";
  }
  for (const list of ["endpoints", "ports"]) object[list] ??= null;
}
