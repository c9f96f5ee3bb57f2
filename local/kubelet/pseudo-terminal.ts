import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellWord } from "../../base/index.ts";
import type { TerminalSize } from "./container-runtime.ts";
import { LaunchFailed } from "./runtime-errors.ts";

/** `script` of util-linux makes the terminal: node itself has no way to. */
const SCRIPT = ["/usr/bin/script", "/bin/script"];

export interface InTerminal {
  readonly argv: readonly string[];
  close(): void;
}

/** Says in a sentence why this machine cannot give a program a terminal; undefined when it can. */
export function noTerminal(): string | undefined {
  if (process.platform !== "linux") return `${process.platform}: a terminal (-t) in a container is offered on Linux only; leave -t out`;
  return scriptProgram() === undefined ? "a terminal (-t) needs the program script (util-linux), which is not on this machine; leave -t out" : undefined;
}

const scriptProgram = (): string | undefined =>
  SCRIPT.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** The command with a terminal of its own as its three streams; the terminal follows the sizes that come. Throws LaunchFailed. */
export function inTerminal(argv: readonly string[], { onResize }: TerminalSize): InTerminal {
  const problem = noTerminal();
  if (problem !== undefined) throw new LaunchFailed(problem);
  const directory = mkdtempSync(join(tmpdir(), "flyteops-tty-"));
  const name = join(directory, "name");
  let size: readonly [number, number] | undefined;
  const apply = () => {
    const device = existsSync(name) ? readFileSync(name, "utf8").trim() : "";
    if (size && device.startsWith("/dev/")) execFile("stty", ["-F", device, "cols", String(size[0]), "rows", String(size[1])], () => undefined);
  };
  onResize((columns, rows) => {
    size = [columns, rows];
    apply();
  });
  // The first size may come before there is a terminal to have it, or after.
  const watcher = watch(directory, apply);
  const begin = `tty >${shellWord(name)}; exec "$@"`;
  const inner = ["sh", "-c", begin, "sh", ...argv].map(shellWord).join(" ");
  return {
    argv: [scriptProgram() ?? "", "-q", "-e", "-f", "-c", `exec ${inner}`, "/dev/null"],
    close() {
      watcher.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
