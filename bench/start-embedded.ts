import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { BenchContext } from "./benchmark.ts";
import type { Usage } from "./embedded-server.ts";

export interface EmbeddedServer {
  readonly kubeconfig: string;
  readonly pid: number;
  /** After a garbage collection, when the server was started with `collect`. */
  usage(): Promise<Usage>;
}

/** Starts the embedded API in a process of its own; it ends with the benchmark. */
export async function startEmbedded({ scratch, options }: BenchContext, settings: { readonly collect?: boolean } = {}): Promise<EmbeddedServer> {
  const directory = await scratch.directory("server");
  const entry = fileURLToPath(new URL("embedded-server.ts", import.meta.url));
  const child = fork(entry, [directory, options.log], { execArgv: [...process.execArgv, ...(settings.collect ? ["--expose-gc"] : [])] });
  const ended = once(child, "exit");
  scratch.defer(async () => {
    if (child.connected) child.send("stop");
    await ended;
  });
  const answer = async <T>(): Promise<T> => {
    const [message] = (await Promise.race([once(child, "message"), ended.then(() => Promise.reject(new Error("the embedded API ended")))])) as [T];
    return message;
  };
  const { kubeconfig } = await answer<{ kubeconfig: string }>();
  return {
    kubeconfig,
    pid: child.pid ?? 0,
    usage: () => {
      const reply = answer<Usage>();
      child.send("usage");
      return reply;
    },
  };
}
