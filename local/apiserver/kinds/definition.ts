import type { Condition, KubeObject } from "../../../kube/index.ts";
import type { JsonSchema } from "../../../schema/structural/index.ts";
import type { PrinterColumn } from "./custom-columns.ts";

export interface DefinitionNames {
  plural: string;
  kind: string;
  singular?: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
}

export interface DefinitionVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  schema?: { openAPIV3Schema?: JsonSchema };
  subresources?: { status?: object; scale?: { specReplicasPath?: string; statusReplicasPath?: string; labelSelectorPath?: string } };
  additionalPrinterColumns?: PrinterColumn[];
  selectableFields?: { jsonPath: string }[];
}

export interface DefinitionStatus {
  conditions?: Condition[];
  acceptedNames?: DefinitionNames;
  storedVersions?: string[];
}

/** apiextensions.k8s.io/v1 CustomResourceDefinition, as far as serving it goes. */
export interface Definition extends KubeObject {
  spec: {
    group: string;
    names: DefinitionNames;
    scope: "Namespaced" | "Cluster";
    versions: DefinitionVersion[];
    conversion?: { strategy?: string };
    preserveUnknownFields?: boolean;
  };
  status?: DefinitionStatus;
}

export const DEFINITIONS = "apiextensions.k8s.io/customresourcedefinitions";
/** Holds a definition until its objects are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";
