import type { TaskActionStatus } from "../../crds/index.ts";

/** What this controller keeps in `status.pluginState` (bytes in Flyte's CRD, JSON in ours). */
interface Remembered {
  readonly oomKills?: number;
}

const VERSION = 1;

/** Kills for memory that were answered with more memory. */
export function oomKillsOf(status: TaskActionStatus): number {
  if (status.pluginState === undefined || status.pluginStateVersion !== VERSION) return 0;
  return (JSON.parse(Buffer.from(status.pluginState, "base64").toString("utf8")) as Remembered).oomKills ?? 0;
}

export function rememberOomKills(status: TaskActionStatus, oomKills: number): void {
  if (oomKills === oomKillsOf(status)) return;
  const remembered: Remembered = { oomKills };
  status.pluginState = Buffer.from(JSON.stringify(remembered)).toString("base64");
  status.pluginStateVersion = VERSION;
}
