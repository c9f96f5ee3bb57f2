// What the models of @kubernetes/client-node do not say about built-in kinds. Lists that are not named here are atomic.

/** Lists with keys: field → keys; the first key is the merge key of strategic merge unless `noPatch` names the field. */
export const keyedLists = {
  "Container.env": ["name"],
  "Container.ports": ["containerPort", "protocol"],
  "Container.volumeDevices": ["devicePath"],
  "Container.volumeMounts": ["mountPath"],
  "ContainerStatus.allocatedResourcesStatus": ["name"],
  "ContainerStatus.volumeMounts": ["mountPath"],
  "CustomResourceDefinitionStatus.conditions": ["type"],
  "DeploymentStatus.conditions": ["type"],
  "EphemeralContainer.env": ["name"],
  "EphemeralContainer.ports": ["containerPort", "protocol"],
  "EphemeralContainer.volumeDevices": ["devicePath"],
  "EphemeralContainer.volumeMounts": ["mountPath"],
  "JSONSchemaProps.x-kubernetes-validations": ["rule"],
  "NamespaceStatus.conditions": ["type"],
  "NodeStatus.addresses": ["type"],
  "NodeStatus.conditions": ["type"],
  "ObjectMeta.ownerReferences": ["uid"],
  "PodSpec.containers": ["name"],
  "PodSpec.ephemeralContainers": ["name"],
  "PodSpec.hostAliases": ["ip"],
  "PodSpec.imagePullSecrets": ["name"],
  "PodSpec.initContainers": ["name"],
  "PodSpec.resourceClaims": ["name"],
  "PodSpec.schedulingGates": ["name"],
  "PodSpec.topologySpreadConstraints": ["topologyKey", "whenUnsatisfiable"],
  "PodSpec.volumes": ["name"],
  "PodStatus.conditions": ["type"],
  "PodStatus.podIPs": ["ip"],
  "PodStatus.resourceClaimStatuses": ["name"],
  "ReplicaSetStatus.conditions": ["type"],
  "ResourceRequirements.claims": ["name"],
  "ResourceStatus.resources": ["resourceID"],
  "ServiceAccount.secrets": ["name"],
  "ServiceSpec.ports": ["port", "protocol"],
  "ServiceStatus.conditions": ["type"],
};

/** Lists with keys that a strategic merge replaces nevertheless. */
export const noPatch = ["CustomResourceDefinitionStatus.conditions", "ResourceRequirements.claims", "ResourceStatus.resources"];

/** Items of these keep, in a strategic merge, only the fields that the patch says to keep. */
export const retainKeys = ["DeploymentSpec.strategy", "PodSpec.resourceClaims", "PodSpec.volumes", "PodStatus.resourceClaimStatuses"];

/** Atomic for ownership, merged by key in a strategic merge. */
export const patchOnly = { "PodStatus.hostIPs": "ip" };

/** Lists of distinct scalars; `true` where a strategic merge merges them. */
export const sets = {
  "Endpoint.addresses": false,
  "ContainerRestartRuleOnExitCodes.values": false,
  "NodeAllocatableResourceClaimStatus.containers": false,
  "NodeSpec.podCIDRs": true,
  "ObjectMeta.finalizers": true,
};

/** Definitions and map fields that one writer owns whole. */
export const atomicMaps = [
  "ConfigMapKeySelector",
  "EndpointAddress",
  "EndpointPort",
  "FileKeySelector",
  "LabelSelector",
  "LocalObjectReference",
  "NodeSelector",
  "NodeSelectorTerm",
  "ObjectFieldSelector",
  "ObjectReference",
  "OwnerReference",
  "ResourceFieldSelector",
  "RoleRef",
  "ScopeSelector",
  "SecretKeySelector",
  "Subject",
  "TypedLocalObjectReference",
  "PodSpec.nodeSelector",
  "ServiceSpec.selector",
];

/** Fields, or maps of, resource quantities: a number is accepted and becomes a string. */
export const quantities = [
  "ContainerStatus.allocatedResources",
  "EmptyDirVolumeSource.sizeLimit",
  "LimitRangeItem.default",
  "LimitRangeItem.defaultRequest",
  "LimitRangeItem.max",
  "LimitRangeItem.maxLimitRequestRatio",
  "LimitRangeItem.min",
  "NodeAllocatableResourceClaimStatus.resources",
  "NodeStatus.allocatable",
  "NodeStatus.capacity",
  "PodSpec.overhead",
  "PodStatus.allocatedResources",
  "ResourceFieldSelector.divisor",
  "ResourceQuotaSpec.hard",
  "ResourceQuotaStatus.hard",
  "ResourceQuotaStatus.used",
  "ResourceRequirements.limits",
  "ResourceRequirements.requests",
  "VolumeResourceRequirements.limits",
  "VolumeResourceRequirements.requests",
];

/** Defaults that are part of the schema, because keys of lists need them. All others are code in `defaultBuiltin`. */
export const defaults = { "ContainerPort.protocol": "TCP", "ServicePort.protocol": "TCP" };

/** Fields (`[]`: items of a list) and the values they may have. */
export const enums = [
  [
    ["AppArmorProfile.type", "SeccompProfile.type"],
    ["Localhost", "RuntimeDefault", "Unconfined"],
  ],
  [["AzureDiskVolumeSource.cachingMode"], ["None", "ReadOnly", "ReadWrite"]],
  [["AzureDiskVolumeSource.kind"], ["Dedicated", "Managed", "Shared"]],
  [
    ["Container.imagePullPolicy", "EphemeralContainer.imagePullPolicy", "ImageVolumeSource.pullPolicy"],
    ["Always", "IfNotPresent", "Never"],
  ],
  [
    ["Container.terminationMessagePolicy", "EphemeralContainer.terminationMessagePolicy"],
    ["FallbackToLogsOnError", "File"],
  ],
  [
    ["ContainerPort.protocol", "NetworkPolicyPort.protocol", "PortStatus.protocol", "ServicePort.protocol"],
    ["SCTP", "TCP", "UDP"],
  ],
  [["DeploymentStrategy.type"], ["Recreate", "RollingUpdate"]],
  [["EndpointSlice.addressType"], ["FQDN", "IPv4", "IPv6"]],
  [["HTTPGetAction.scheme"], ["HTTP", "HTTPS"]],
  [["HostPathVolumeSource.type"], ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"]],
  [["NamespaceStatus.phase"], ["Active", "Terminating"]],
  [["NodeSelectorRequirement.operator"], ["DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"]],
  [["NodeStatus.phase"], ["Pending", "Running", "Terminated"]],
  [["PersistentVolumeClaimSpec.accessModes[]"], ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]],
  [["PersistentVolumeClaimSpec.volumeMode"], ["Block", "Filesystem"]],
  [["PodSecurityContext.fsGroupChangePolicy"], ["Always", "OnRootMismatch"]],
  [["PodSecurityContext.supplementalGroupsPolicy"], ["Merge", "Strict"]],
  [["PodSpec.dnsPolicy"], ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]],
  [["PodSpec.preemptionPolicy"], ["Never", "PreemptLowerPriority"]],
  [["PodSpec.restartPolicy"], ["Always", "Never", "OnFailure"]],
  [["PodStatus.phase"], ["Failed", "Pending", "Running", "Succeeded", "Unknown"]],
  [["PodStatus.qosClass"], ["BestEffort", "Burstable", "Guaranteed"]],
  [
    ["ResourceQuotaSpec.scopes[]", "ScopedResourceSelectorRequirement.scopeName"],
    ["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating", "VolumeAttributesClass"],
  ],
  [["ScopedResourceSelectorRequirement.operator"], ["DoesNotExist", "Exists", "In", "NotIn"]],
  [["SecurityContext.procMount"], ["Default", "Unmasked"]],
  [
    ["ServiceSpec.externalTrafficPolicy", "ServiceSpec.internalTrafficPolicy"],
    ["Cluster", "Local"],
  ],
  [["ServiceSpec.ipFamilies[]"], ["", "IPv4", "IPv6"]],
  [["ServiceSpec.ipFamilyPolicy"], ["PreferDualStack", "RequireDualStack", "SingleStack"]],
  [["ServiceSpec.sessionAffinity"], ["ClientIP", "None"]],
  [["ServiceSpec.type"], ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]],
  [
    ["Taint.effect", "Toleration.effect"],
    ["NoExecute", "NoSchedule", "PreferNoSchedule"],
  ],
  [["Toleration.operator"], ["Equal", "Exists", "Gt", "Lt"]],
  [
    ["TopologySpreadConstraint.nodeAffinityPolicy", "TopologySpreadConstraint.nodeTaintsPolicy"],
    ["Honor", "Ignore"],
  ],
  [["TopologySpreadConstraint.whenUnsatisfiable"], ["DoNotSchedule", "ScheduleAnyway"]],
  [["VolumeMount.mountPropagation"], ["Bidirectional", "HostToContainer", "None"]],
  [["NetworkPolicySpec.policyTypes[]"], ["Egress", "Ingress"]],
  [["ValidationRule.reason"], ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"]],
];
