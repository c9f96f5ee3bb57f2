export { type Clock, rfc3339, rfc3339Micro, sleep } from "./clock.ts";
export { digestJson, sha256, shortHash } from "./digest.ts";
export { DURATION_PATTERN, formatDuration, parseDuration } from "./duration.ts";
export { Failure, invariant, messageOf, type Outcome, RetryableFailure, settled, type Step, TerminalFailure, waiting } from "./failure.ts";
export { canonicalJson, copyJson, type Json, jsonEqual, type JsonObject, parseJson, stringifyJson } from "./json.ts";
export { ANNOTATION, API_VERSION, FINALIZER, GROUP, LABEL, VERSION } from "./labels.ts";
export { type LogFields, type Logger, silentLogger } from "./logger.ts";
export { ACTION_NAME_MAX, actionName, podName, RUN_NAME_MAX, taskActionName } from "./names.ts";
export { type Random, seededRandom } from "./random.ts";
