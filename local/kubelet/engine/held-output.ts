import type { Output } from "../container-runtime.ts";

/** Output that is kept back until it is known whose it is: the engine's program and the container speak on the same stream. */
export interface HeldOutput extends Output {
  /** Hands over what has been held, and everything after it at once. */
  release(): void;
  /** The standard error that nobody will get. */
  dropped(): string;
}

export function heldOutput(target: Output): HeldOutput {
  let held: { readonly stream: "stdout" | "stderr"; readonly chunk: Uint8Array }[] | undefined = [];
  const take = (stream: "stdout" | "stderr") => (chunk: Uint8Array) => {
    if (held) held.push({ stream, chunk });
    else target[stream](chunk);
  };
  return {
    stdout: take("stdout"),
    stderr: take("stderr"),
    release() {
      for (const { stream, chunk } of held ?? []) target[stream](chunk);
      held = undefined;
    },
    dropped: () => Buffer.concat((held ?? []).filter(({ stream }) => stream === "stderr").map(({ chunk }) => chunk)).toString("utf8"),
  };
}
