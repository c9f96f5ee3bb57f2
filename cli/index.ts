import type { Registration } from "./program.ts";
import { registerAbort } from "./commands/abort.ts";
import { registerCheck } from "./commands/check.ts";
import { registerCompletion } from "./commands/completion.ts";
import { registerConfig } from "./commands/config.ts";
import { registerCrds } from "./commands/crds.ts";
import { registerDescribe } from "./commands/describe.ts";
import { registerEvents } from "./commands/events.ts";
import { registerGet } from "./commands/get.ts";
import { registerHistory } from "./commands/history.ts";
import { registerLogs } from "./commands/logs.ts";
import { registerOutputs } from "./commands/outputs.ts";
import { registerRun } from "./commands/run.ts";
import { registerTree } from "./commands/tree.ts";
import { registerValidate } from "./commands/validate.ts";
import { registerVersion } from "./commands/version.ts";
import { registerWait } from "./commands/wait.ts";
import { registerWhy } from "./commands/why.ts";

export { databaseUrl } from "./archive/database-url.ts";
export { addCommand, type Registry } from "./command.ts";
export { type CliDeps, type Connection, EXIT, type Terminal, UserError } from "./context.ts";
export { explainFailure } from "./failure.ts";
export { printDocument } from "./output.ts";
export { type Registration, runCli } from "./program.ts";
export { INSTALLATION } from "./storage.ts";
export { downloadOutputs, outputsJson, readOutputs } from "./stored-values.ts";
export { type LiveBlock, liveBlock } from "./views/live.ts";
export { type Paint, paintFor, printable } from "./views/paint.ts";
export { runTree } from "./views/run-tree.ts";

/** Every command that talks to a cluster or to files, in the order `--help` lists them. */
export const commands: readonly Registration[] = [
  registerRun,
  registerGet,
  registerTree,
  registerHistory,
  registerLogs,
  registerOutputs,
  registerWhy,
  registerWait,
  registerAbort,
  registerDescribe,
  registerEvents,
  registerValidate,
  registerCheck,
  registerConfig,
  registerCrds,
  registerCompletion,
  registerVersion,
];
