/**
 * The wire contract: the flyteidl2 messages that the product reads and writes, and the few functions of the protobuf
 * runtime that go with them. Enum values are objects (`SimpleType.INTEGER`).
 */
export { create, equals, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
export { type Duration, DurationSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
export { ContainerError_Kind, ErrorDocumentSchema, ExecutionError_ErrorKind } from "./gen/flyteidl2/core/execution_pb.ts";
export { ResourceType } from "./gen/flyteidl2/core/identifier_pb.ts";
export {
  type TypedInterface,
  TypedInterfaceSchema,
  type Variable as VariableMessage,
  VariableSchema,
  type VariableMap,
  VariableMapSchema,
} from "./gen/flyteidl2/core/interface_pb.ts";
export {
  BlobSchema,
  type Literal,
  LiteralSchema,
  type LiteralMap,
  LiteralMapSchema,
  type Primitive,
  type Scalar,
  StructuredDatasetSchema,
  VoidSchema,
} from "./gen/flyteidl2/core/literals_pb.ts";
export { Secret_MountType } from "./gen/flyteidl2/core/security_pb.ts";
export {
  type DataLoadingConfig,
  DataLoadingConfig_LiteralMapFormat,
  Resources_ResourceName,
  type TaskTemplate,
  TaskTemplateSchema,
} from "./gen/flyteidl2/core/tasks_pb.ts";
export {
  type BlobType,
  BlobType_BlobDimensionality,
  type LiteralType,
  LiteralTypeSchema,
  SimpleType,
  type StructuredDatasetType,
  StructuredDatasetTypeSchema,
  StructuredDatasetType_DatasetColumnSchema,
  TypeAnnotationSchema,
} from "./gen/flyteidl2/core/types_pb.ts";
