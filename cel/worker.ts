import { parentPort } from "node:worker_threads";
import { evaluateNow } from "./evaluate.ts";
import type { CelRequest } from "./evaluator.ts";

/** The program of the evaluator's thread: one request in, one result out, in order. */
parentPort?.on("message", (request: CelRequest) => parentPort?.postMessage(evaluateNow(request)));
parentPort?.postMessage("ready");
