import { Worker } from "node:worker_threads";
import type { Clock } from "../base/index.ts";
import type { CelType } from "./cel-type.ts";
import type { CelResult } from "./problem.ts";
import type { CelValue } from "./value.ts";

/** A compiled expression and the values of its variables. Plain data: it crosses to a worker as it is. */
export interface CelRequest {
  /** `CompiledExpression.text`. */
  readonly text: string;
  readonly variables: Readonly<Record<string, CelType>>;
  /** A value for every variable; null for an absent one of type optional. */
  readonly bindings: Readonly<Record<string, CelValue>>;
}

/** Evaluates user expressions. Never rejects for what the expression does: too slow, too large and failing are results. */
export interface Evaluator {
  evaluate(request: CelRequest): Promise<CelResult>;
  /** Ends the thread. Requests still waiting are answered with a timeout. */
  close(): Promise<void>;
}

export interface EvaluatorOptions {
  /** The worker's program. Default: `worker.ts` or `worker.js` beside this module; a bundle must say where it put it. */
  readonly entry?: URL;
  /** Longest evaluation in milliseconds, the start of the thread not counted. Default 100. */
  readonly deadlineMs?: number;
}

interface Job {
  readonly request: CelRequest;
  readonly resolve: (result: CelResult) => void;
}

const DEFAULT_DEADLINE_MS = 100;
/** A thread that does not even start is no expression's fault, but must not hold a run up for ever. */
const START_DEADLINE_MS = 10_000;
const MEMORY_MB = 256;

/** Run from source, the thread has to load the TypeScript loader itself: it does not inherit the main thread's. */
function besideThisModule(): { readonly program: string | URL; readonly eval: boolean } {
  if (!import.meta.url.endsWith(".ts")) return { program: new URL("./worker.js", import.meta.url), eval: false };
  const entry = JSON.stringify(new URL("./worker.ts", import.meta.url));
  return { program: `import("tsx/esm/api").then(({ register }) => { register(); return import(${entry}); });`, eval: true };
}

const timeout = (ms: number): CelResult => ({ ok: false, code: "ExpressionTimeout", message: `not done after ${ms} ms` });

/** One thread, one expression at a time. A thread that misses the deadline is ended and replaced. It starts with the first request. */
export function workerEvaluator({ clock }: { readonly clock: Clock }, options: EvaluatorOptions = {}): Evaluator {
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const queue: Job[] = [];
  let worker: Worker | undefined;
  let ready = false;
  let busy: Job | undefined;
  let cancelDeadline = (): void => {};

  function finish(result: CelResult): void {
    cancelDeadline();
    const job = busy;
    busy = undefined;
    worker?.unref();
    job?.resolve(result);
    next();
  }

  function discard(): void {
    const dead = worker;
    worker = undefined;
    ready = false;
    dead?.removeAllListeners();
    dead?.on("error", () => {});
    void dead?.terminate();
  }

  function lose(result: CelResult): void {
    discard();
    finish(result);
  }

  function start(): Worker {
    const { program, eval: inline } = options.entry ? { program: options.entry, eval: false } : besideThisModule();
    const started = new Worker(program, { eval: inline, resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } });
    started.on("message", (message: CelResult | "ready") => {
      if (message !== "ready") return finish(message);
      ready = true;
      if (busy) arm(deadlineMs);
    });
    started.on("error", (error: Error) => lose({ ok: false, code: "EvaluationError", message: `the evaluator stopped: ${error.message}` }));
    return started;
  }

  function arm(ms: number): void {
    cancelDeadline();
    cancelDeadline = clock.after(ms, () => lose(timeout(ms)));
  }

  function next(): void {
    if (busy) return;
    busy = queue.shift();
    if (!busy) return;
    worker ??= start();
    worker.ref();
    arm(ready ? deadlineMs : START_DEADLINE_MS);
    worker.postMessage(busy.request);
  }

  return {
    evaluate(request) {
      return new Promise((resolve) => {
        queue.push({ request, resolve });
        next();
      });
    },
    async close() {
      cancelDeadline();
      for (const job of [...(busy ? [busy] : []), ...queue.splice(0)]) job.resolve(timeout(0));
      busy = undefined;
      const last = worker;
      discard();
      await last?.terminate();
    },
  };
}
