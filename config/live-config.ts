import { type Clock, isFields, jsonEqual, type Json, type Logger } from "../base/index.ts";
import { watchedDirectory } from "./find-files.ts";
import { leafPaths, locate } from "./keys.ts";
import { type ConfigSources, DEFAULT_FILES, type LoadedConfig, loadConfig, problemLine } from "./load-config.ts";
import type { Config } from "./schema.ts";

export interface LiveConfigDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The configuration of a running program. */
export interface LiveConfig {
  /** What holds now. */
  readonly current: Config;
  /** Called with the new configuration and the keys that changed, after each change that was taken over. Returns the way to stop. */
  onChange(listener: (config: Config, changed: readonly string[]) => void): () => void;
  /** Follows the files until the signal aborts. Never rejects: what cannot be taken over is logged, and what held goes on holding. */
  run(signal: AbortSignal): Promise<void>;
}

/** Editors write in several steps, and Kubernetes swaps a link: this long after the last of them the files are read. */
const SETTLE_MS = 200;

function valueAt(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, step) => (isFields(value) ? value[step] : undefined), config);
}

/** A copy of `config` with the value at `path` replaced, or removed. */
function withValue(config: Config, path: readonly string[], value: unknown): Config {
  const copy = structuredClone(config);
  let target = copy as unknown as Record<string, unknown>;
  for (const step of path.slice(0, -1)) target = target[step] as Record<string, unknown>;
  if (value === undefined) delete target[path.at(-1) ?? ""];
  else target[path.at(-1) ?? ""] = value;
  return copy;
}

const same = (left: unknown, right: unknown): boolean =>
  left === right || (left !== undefined && right !== undefined && jsonEqual(left as Json, right as Json));

export function liveConfig({ clock, logger }: LiveConfigDeps, sources: ConfigSources, loaded: LoadedConfig): LiveConfig {
  const listeners = new Set<(config: Config, changed: readonly string[]) => void>();
  let current = loaded.config;
  /** What was refused last, so that it is said once and not at every later change. */
  let refused = "";

  function takeOver({ config, sources: places }: LoadedConfig): void {
    const differing = leafPaths().filter((path) => !same(valueAt(current, path), valueAt(config, path)));
    const live = differing.filter((path) => locate(path).node?.reloadable === true);
    const fixed = differing.filter((path) => !live.includes(path)).map((path) => path.join("."));
    if (fixed.join() !== refused)
      for (const key of fixed)
        logger.error("a change of the configuration needs a restart and was not taken over", { key, source: places.get(key) ?? "default" });
    refused = fixed.join();
    if (live.length === 0) return;
    current = live.reduce((next, path) => withValue(next, path, valueAt(config, path)), current);
    const keys = live.map((path) => path.join("."));
    logger.info("configuration changed", { keys });
    for (const listener of listeners) listener(current, keys);
  }

  function reload(): void {
    const next = loadConfig(sources);
    if (next.problems.length === 0) return takeOver(next);
    for (const problem of next.problems) logger.error("the changed configuration is invalid and was not taken over", { problem: problemLine(problem) });
  }

  return {
    get current() {
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async run(signal) {
      const directories = [...new Set((sources.files ?? DEFAULT_FILES).map(watchedDirectory))];
      let cancel = () => {};
      const soon = () => {
        cancel();
        cancel = clock.after(SETTLE_MS, reload);
      };
      // Loaded here, because most programs that read the configuration do not follow it.
      const { watch } = await import("chokidar");
      const watcher = watch(directories, { ignoreInitial: true, followSymlinks: false, depth: 1, persistent: false });
      // What changed between the first reading and now is seen at "ready".
      watcher
        .on("all", soon)
        .on("ready", soon)
        .on("error", (error) => logger.error("the configuration files cannot be watched", { error: String(error) }));
      await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true })));
      cancel();
      await watcher.close();
    },
  };
}
