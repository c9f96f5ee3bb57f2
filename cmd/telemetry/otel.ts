import type { Logger, Span, Tracer } from "../../base/index.ts";
import type { Config } from "../../config/index.ts";

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what was recorded and not sent yet. Never rejects. */
  close(): Promise<void>;
}

/** The share of traces that is kept, decided by the end of the trace id: replicas that never speak to each other decide the same. */
export function keepsTrace({ parentSampler, traceIdRatio }: Config["otel"]["sampler"]): (traceId: string) => boolean {
  if (parentSampler === "always") return () => true;
  return (traceId) => parseInt(traceId.slice(-8), 16) / 2 ** 32 < traceIdRatio;
}

/** Traces to an OTLP/HTTP collector. The libraries are loaded here: programs without traces do not pay for them. */
export async function openTracing(
  otel: Config["otel"],
  service: { readonly version: string; readonly instance: string },
  logger: Logger,
): Promise<Tracing | undefined> {
  if (otel.type === "noop") return undefined;
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  const { ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } = api;
  // Spans are recorded when they are over, with identities that follow from what they are about: the SDK asks for the next one here.
  const next = { traceId: "", spanId: undefined as string | undefined };
  const chance = new sdk.RandomIdGenerator();
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": "flyteops", "service.version": service.version, "service.instance.id": service.instance }),
    sampler: new sdk.AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId ?? chance.generateSpanId() },
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter({ url: otel.otlphttp.endpoint }))],
  });
  const recorder = provider.getTracer("flyteops", service.version);
  const keeps = keepsTrace(otel.sampler);

  function record({ name, traceId, spanId, parentId, startMs, endMs, attributes = {}, error }: Span): void {
    if (!keeps(traceId)) return;
    Object.assign(next, { traceId, spanId });
    const parent =
      parentId === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
    const span = recorder.startSpan(name, { startTime: startMs, attributes }, parent);
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    span.end(Math.max(startMs, endMs));
  }

  return {
    tracer: { keeps, record },
    async close() {
      await provider.shutdown().catch((thrown: unknown) => logger.info("the last traces were not sent", { error: String(thrown) }));
    },
  };
}
