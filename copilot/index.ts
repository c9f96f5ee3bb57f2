export { type CopilotDeps, copilotMain } from "./main.ts";
export type { AttemptError, AttemptResult } from "./result.ts";
