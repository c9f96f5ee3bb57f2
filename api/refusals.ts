import { Code, ConnectError } from "@connectrpc/connect";

/** What to do instead of a call that writes: this API shows, git and the Kubernetes API change. */
const INSTEAD: Readonly<Record<string, string>> = {
  createRun: "put a Run into the repository, or: flyteops run WORKFLOW, kubectl create -f run.yaml",
  abortRun: "flyteops abort RUN, or set spec.desiredState: Aborted in its manifest",
  abortAction: "abort the Run of the action: flyteops abort RUN",
  signalEvent: "answer with spec.signals of the Run",
  createProject: "put a Project into the platform repository",
  updateProject: "change the Project in the platform repository",
};

const refusal = (method: string): ConnectError => {
  const instead = INSTEAD[method];
  if (instead !== undefined) return new ConnectError(`this API only reads; ${instead}`, Code.FailedPrecondition);
  return new ConnectError(`${method} does not work yet`, Code.Unimplemented);
};

interface Described {
  readonly methods: readonly { readonly localName: string; readonly methodKind: string }[];
}

/** Implementations of every method that is not among `written`, each of which answers with a sentence. */
export function refusals(service: Described, written: object): Record<string, () => never> {
  const missing = service.methods.filter(({ localName }) => !Object.hasOwn(written, localName));
  const refuse = (name: string) => (): never => {
    throw refusal(name);
  };
  return Object.fromEntries(missing.map(({ localName }) => [localName, refuse(localName)]));
}
