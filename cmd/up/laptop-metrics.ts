import type { Meter } from "../../base/index.ts";
import { EXIT, UserError } from "../../cli/index.ts";
import { eventLoopMetrics } from "../telemetry/event-loop.ts";
import { plainServer } from "../telemetry/plain-server.ts";
import { prometheusMetrics } from "../telemetry/prometheus.ts";

export interface LaptopMetrics {
  readonly meter: Meter;
  readonly url: string;
  close(): Promise<void>;
}

/** The metrics that a cluster has, at 127.0.0.1, where `--metrics-port` asks for them. UserError for a port that cannot be used. */
export async function laptopMetrics(port: string | undefined): Promise<LaptopMetrics | undefined> {
  if (port === undefined) return undefined;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new UserError(`--metrics-port ${port}: a number from 0 to 65535`, { exitCode: EXIT.usage });
  const { meter, page } = await prometheusMetrics();
  eventLoopMetrics(meter);
  const server = await plainServer(`127.0.0.1:${port}`, {
    "/metrics": async () => {
      const { type, text } = await page();
      return { status: 200, type, text };
    },
  });
  return { meter, url: `http://${server.address}/metrics`, close: () => server.close() };
}
