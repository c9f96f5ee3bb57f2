import type { MemoryLimit } from "../memory-limit.ts";
import { readOrNothing } from "../process-reaper.ts";

export type MemoryWatch = Pick<MemoryLimit, "watch" | "exceeded" | "close">;

/**
 * Whether the kernel has killed for want of memory since now. Not every engine notices it on every kernel; a container with
 * a limit that ends by SIGKILL while this counter rises has met its limit.
 */
export function kernelKills(): MemoryWatch {
  const before = count();
  return { watch() {}, exceeded: () => count() > before, close() {} };
}

const count = (): number => Number(/^oom_kill (\d+)$/m.exec(readOrNothing("/proc/vmstat") ?? "")?.[1] ?? 0);
