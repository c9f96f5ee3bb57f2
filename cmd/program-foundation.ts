import type { Logger, Meter } from "../base/index.ts";
import type { CliDeps } from "../cli/index.ts";
import { type Config, type ConfigSources, type LiveConfig, liveConfig } from "../config/index.ts";
import { readSettings } from "./controller/settings.ts";
import { eventLoopMetrics } from "./telemetry/event-loop.ts";
import { liveLogger } from "./telemetry/logger.ts";
import { type Metrics, prometheusMetrics } from "./telemetry/prometheus.ts";

/** What every program of an installation stands on. */
export interface Foundation {
  readonly logger: Logger;
  readonly live: LiveConfig;
  readonly metrics: Metrics;
}

function versionMetric(meter: Meter, version: string): void {
  meter.gauge({ name: "flyteops_build_info", help: "The version that runs.", labels: { version: [version] } }, { version }, () => 1);
}

/** Reads the configuration, and logs and counts as it says from then on. UserError that names every wrong key. */
export async function layFoundation(cli: CliDeps, sources: ConfigSources, program: string): Promise<Foundation> {
  const loaded = readSettings(sources);
  let current: Config = loaded.config;
  const logger = liveLogger(
    (line) => cli.err.write(line),
    () => cli.clock.now(),
    () => ({ level: current.logger.level, format: current.logger.formatter.type }),
  );
  const live = liveConfig({ clock: cli.clock, logger: logger.with({ component: "config" }) }, sources, loaded);
  live.onChange((config) => (current = config));
  const metrics = await prometheusMetrics();
  eventLoopMetrics(metrics.meter);
  versionMetric(metrics.meter, cli.version);
  logger.info(`${program} starts`, { version: cli.version, files: loaded.files });
  return { logger, live, metrics };
}
