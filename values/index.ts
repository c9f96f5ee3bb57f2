export { literalOf, MAX_ELEMENTS } from "./authored.ts";
export { formatDatetime, parseDatetime } from "./datetime.ts";
export { literalFits } from "./fits.ts";
export { formatGoDuration, parseGoDuration } from "./go-duration.ts";
export { gatherMap, mapKeys, mapOutputType, type MapGathering } from "./gather-map.ts";
export { inputEntries, type InputEntry, inputsJson } from "./input-tree.ts";
export { type FileLayout, filePlace, nameOfUri } from "./layout.ts";
export { fromLiteralType, toLiteralType } from "./literal-type.ts";
export {
  binaryLiteral,
  type BlobFacts,
  blobLiteral,
  blobOf,
  type BlobReference,
  booleanLiteral,
  datetimeLiteral,
  decodeLiteral,
  durationLiteral,
  encodeLiteral,
  errorLiteral,
  floatLiteral,
  integerLiteral,
  isNone,
  listLiteral,
  mapLiteral,
  noneLiteral,
  scalarOf,
  stringLiteral,
  structLiteral,
  type StructValue,
  unionLiteral,
  unwrap,
} from "./literal.ts";
export { escapeMapKey, mapKeyProblem, unescapeMapKey } from "./map-key.ts";
export { encodeLiteralMap, INLINE_LITERAL_BYTES, literalMap, loadLiteral, offload, offloadedLiteral, type OffloadedPart, offloadedUri } from "./offload.ts";
export {
  OutputFailure,
  type OutputProblem,
  type OutputProblemCode,
  type OutputReading,
  type OutputReference,
  type OutputTree,
  type OutputUpload,
  readOutputs,
} from "./output-tree.ts";
export {
  interfaceOf,
  isParameterProblems,
  type Parameter,
  parameterNameProblem,
  parametersOf,
  parseParameter,
  parseParameters,
  typedInterface,
} from "./parameter.ts";
export { isTypeProblem, parseType, type TypeProblem } from "./parse-type.ts";
export { type Attributes, parsePath, pathType, type PathValue, pathValue, printAttributes } from "./path.ts";
export { previewOf } from "./preview.ts";
export { isProblems, type ValueProblem, type ValueProblemCode } from "./problem.ts";
export { remoteLiteral, type RemoteReference, remoteReference } from "./remote.ts";
export {
  checkTemplates,
  type EnvVariable,
  FLYTE_VARIABLES,
  type FlyteVariable,
  renderTemplates,
  type TemplateContext,
  type Templated,
  templatedInputs,
} from "./template.ts";
export { literalText, parseText } from "./text.ts";
export { type JsonOptions, literalToJson } from "./to-json.ts";
export {
  acceptsNone,
  assignable,
  type Column,
  isBlobType,
  membersOf,
  optionalOf,
  printType,
  sameType,
  type SimpleKind,
  type Type,
  type UnionMember,
} from "./type.ts";
export { memberOf, wrapUnion } from "./union.ts";
