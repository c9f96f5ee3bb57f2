/** The metadata of a stored object, as far as we read or write it. Structurally the same as kube's ObjectMeta, which this room may not import. */
export interface Metadata {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean; blockOwnerDeletion?: boolean }[];
  managedFields?: {
    manager?: string;
    operation?: "Apply" | "Update";
    apiVersion?: string;
    time?: string;
    fieldsType?: "FieldsV1";
    fieldsV1?: Record<string, unknown>;
    subresource?: string;
  }[];
}

/** metav1.Condition. */
export interface StatusCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}
