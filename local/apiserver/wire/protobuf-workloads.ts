import type { MessageFields } from "./protobuf-messages.ts";

const NAMED: MessageFields = { 1: ["metadata", "ObjectMeta"] };

/**
 * What `kubectl create deployment`, `create service` and `expose` say in protobuf. Of pods only what those commands can
 * say is here; a body that says more is refused, so that nothing is lost in silence.
 */
export const WORKLOAD_MESSAGES: Readonly<Record<string, MessageFields>> = {
  Deployment: { ...NAMED, 2: ["spec", "DeploymentSpec"], 3: ["status", "Nothing"] },
  DeploymentSpec: {
    1: ["replicas", "int"],
    2: ["selector", "LabelSelector"],
    3: ["template", "PodTemplateSpec"],
    4: ["strategy", "DeploymentStrategy"],
    5: ["minReadySeconds", "count"],
    6: ["revisionHistoryLimit", "int"],
    7: ["paused", "bool"],
    9: ["progressDeadlineSeconds", "int"],
  },
  DeploymentStrategy: { 1: ["type", "string"], 2: ["rollingUpdate", "RollingUpdateDeployment"] },
  RollingUpdateDeployment: { 1: ["maxUnavailable", "intOrString"], 2: ["maxSurge", "intOrString"] },
  PodTemplateSpec: { ...NAMED, 2: ["spec", "PodSpec"] },
  PodSpec: {
    2: ["containers", "[]Container"],
    3: ["restartPolicy", "string"],
    4: ["terminationGracePeriodSeconds", "int"],
    6: ["dnsPolicy", "string"],
    7: ["nodeSelector", "{}string"],
    8: ["serviceAccountName", "string"],
    9: ["serviceAccount", "string"],
    10: ["nodeName", "string"],
    15: ["imagePullSecrets", "[]LocalObjectReference"],
    16: ["hostname", "string"],
    19: ["schedulerName", "string"],
    21: ["automountServiceAccountToken", "bool"],
    24: ["priorityClassName", "string"],
    30: ["enableServiceLinks", "bool"],
  },
  Container: {
    1: ["name", "string"],
    2: ["image", "string"],
    3: ["command", "[]text"],
    4: ["args", "[]text"],
    5: ["workingDir", "string"],
    6: ["ports", "[]ContainerPort"],
    7: ["env", "[]EnvVar"],
    8: ["resources", "ResourceRequirements"],
    13: ["terminationMessagePath", "string"],
    14: ["imagePullPolicy", "string"],
    20: ["terminationMessagePolicy", "string"],
  },
  ContainerPort: { 1: ["name", "string"], 2: ["hostPort", "count"], 3: ["containerPort", "count"], 4: ["protocol", "string"], 5: ["hostIP", "string"] },
  EnvVar: { 1: ["name", "string"], 2: ["value", "string"] },
  ResourceRequirements: { 1: ["limits", "{}quantity"], 2: ["requests", "{}quantity"] },
  Service: { ...NAMED, 2: ["spec", "ServiceSpec"], 3: ["status", "Nothing"] },
  ServiceSpec: {
    1: ["ports", "[]ServicePort"],
    2: ["selector", "{}string"],
    3: ["clusterIP", "string"],
    4: ["type", "string"],
    5: ["externalIPs", "[]string"],
    7: ["sessionAffinity", "string"],
    10: ["externalName", "string"],
    11: ["externalTrafficPolicy", "string"],
    13: ["publishNotReadyAddresses", "bool"],
    17: ["ipFamilyPolicy", "string"],
    18: ["clusterIPs", "[]string"],
    19: ["ipFamilies", "[]string"],
    22: ["internalTrafficPolicy", "string"],
  },
  ServicePort: {
    1: ["name", "string"],
    2: ["protocol", "string"],
    3: ["port", "int"],
    4: ["targetPort", "intOrString"],
    5: ["nodePort", "count"],
    6: ["appProtocol", "string"],
  },
};

/** A status that a client sends along is the server's to write. */
export const IGNORED_MESSAGE = "Nothing";
