/** Default, prune and validate plain JSON against the structural schemas of Kubernetes, with its own messages. */
export { type Cause, causesText } from "./cause.ts";
export { compileStructural, type CompileOptions, type Structural } from "./structural.ts";
export { checkStructuralSchema } from "./check-schema.ts";
export { defaultObject } from "./default-object.ts";
export { fieldCause, OMITTED } from "./field-error.ts";
export { type JsonRule, type JsonSchema } from "./json-schema.ts";
export { prune } from "./prune.ts";
export { validateStructural, type ValidateOptions } from "./validate.ts";
