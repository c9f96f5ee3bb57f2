/** Flyte's services and their messages: a door of its own, because who only moves data need not load them. */
export {
  type ActionIdentifier,
  ActionIdentifierSchema,
  type ProjectIdentifier,
  type RunIdentifier,
  RunIdentifierSchema,
} from "../gen/flyteidl2/common/identifier_pb.ts";
export { type Filter, Filter_Function, type ListRequest, Sort_Direction } from "../gen/flyteidl2/common/list_pb.ts";
export { ActionPhase } from "../gen/flyteidl2/common/phase_pb.ts";
export { ProjectSchema, ProjectService, type Project as ProjectMessage } from "../gen/flyteidl2/project/project_service_pb.ts";
export {
  type Action as ActionMessage,
  type ActionAttempt,
  ActionAttemptSchema,
  type ActionDetails,
  ActionDetailsSchema,
  ActionSchema,
  ActionType,
  type EnrichedAction,
  EnrichedActionSchema,
  ErrorInfo_Kind,
  type PhaseTransition,
  PhaseTransitionSchema,
  type Run as RunMessage,
  type RunDetails,
  RunDetailsSchema,
  RunSchema,
  RunSource,
} from "../gen/flyteidl2/workflow/run_definition_pb.ts";
export { RunService } from "../gen/flyteidl2/workflow/run_service_pb.ts";
