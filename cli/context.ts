import { type Clock, Failure, type Random } from "../base/index.ts";
import type { ObjectClient, Transport } from "../kube/index.ts";
import type { Needs } from "../synth/index.ts";

/** Where a command writes. `columns` and `rows` are 0 when nobody knows. */
export interface Terminal {
  write(text: string): void;
  readonly isTty: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** What every command gets from `cmd/`: the only way to the outside. */
export interface CliDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Results. With `-o json|yaml` exactly one document and nothing else. */
  readonly out: Terminal;
  /** Progress, notes and errors. */
  readonly err: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** What an installation asks of its cluster, loaded when a command wants to know; absent: nothing is installed or checked. */
  readonly installationNeeds?: () => Promise<Needs>;
}

/** A way to the Kubernetes API that KUBECONFIG (or `--kubeconfig`) names. */
export interface Connection {
  readonly client: ObjectClient;
  readonly transport: Transport;
  /** Given with `-n`, else the context's own. */
  readonly namespace: string;
  /** True when the user typed `-n`. */
  readonly namespaceGiven: boolean;
  /** For messages: the file the connection was read from. */
  readonly source: string;
}

export const EXIT = {
  ok: 0,
  /** The run failed, the check found problems. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** What was asked for does not exist. */
  notFound: 3,
  /** No control plane answers. */
  unreachable: 4,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const;

/** Something the user can mend. Its message is printed without a stack; `hint` is the next command to type. */
export class UserError extends Failure {
  override readonly retry = "terminal";
  readonly exitCode: number;
  readonly hint: string | undefined;
  constructor(message: string, options: { exitCode?: number; hint?: string; cause?: unknown } = {}) {
    super("UserError", message, options);
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.hint = options.hint;
  }
}
