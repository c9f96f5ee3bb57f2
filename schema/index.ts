export {
  anything,
  boolean,
  bytes,
  duration,
  integer,
  list,
  map,
  number,
  object,
  oneOf,
  open,
  quantity,
  string,
  textOrObject,
  timestamp,
  values,
} from "./build.ts";
export { checkerOfShape } from "./check.ts";
export { crdManifest, rootSchema } from "./crd.ts";
export { defineKind } from "./define-kind.ts";
export { type EditorSchema, shapeSchema } from "./editor.ts";
export { fillDefaults } from "./fill-defaults.ts";
export type { AnyKind, AuthoredObjectOf, Column, CommonStatus, ConditionOf, Kind, ObjectForm, ObjectOf } from "./kind.ts";
export type { Metadata, StatusCondition } from "./meta.ts";
export type { KeyRule, Node, Rule, ValueForm } from "./node.ts";
export { InvalidObject, pathText, type Problem, PROBLEM_CODES, type ProblemCode } from "./problem.ts";
export { fieldTable, referenceIndex, referencePage } from "./reference.ts";
export { celField, QUANTITY_PATTERN, structuralForm, Undeclarable } from "./structural-form.ts";
export type { AnyShape, Authored, Fields, Parsed, Presence, Shape, TypedRule } from "./shape.ts";
export {
  type Cause,
  causesText,
  checkStructuralSchema,
  compileStructural,
  type CompileOptions,
  defaultObject,
  type JsonRule,
  type JsonSchema,
  prune,
  type Structural,
  validateStructural,
  type ValidateOptions,
} from "./structural/index.ts";
