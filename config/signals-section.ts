import { integer, number, object, oneOf, string } from "../schema/index.ts";

/** `:8081`, `127.0.0.1:9090`, `[::]:9090`; empty is off. */
const ADDRESS = "^(|(\\[[0-9a-fA-F:]+\\]|[^\\s:\\[\\]]*):[0-9]{1,5})$";
const address = () => string({ maxLength: 256, pattern: ADDRESS, expects: 'an address such as ":8081" or "127.0.0.1:8081", or "" for none' });
/** Credentials in an address end in logs and in `config show`. */
const endpoint = () => string({ maxLength: 2048, pattern: "^https?://[^@\\s]+$", expects: "an http:// or https:// address without credentials" });

export const loggerSection = object({
  level: oneOf("error", "info", "debug").default("info").reloadable().doc("The least important line that is written."),
  formatter: object({
    type: oneOf("json", "text").default("json").reloadable().doc("One JSON object per line, or lines for people."),
  })
    .default({})
    .doc("How a line looks."),
});

export const otelSection = object({
  type: oneOf("noop", "otlphttp").default("noop").doc("Where traces go: nowhere, or to a collector over OTLP/HTTP."),
  otlphttp: object({
    endpoint: endpoint().default("http://localhost:4318/v1/traces").doc("Address of the collector's trace receiver."),
  })
    .default({})
    .doc("The OTLP/HTTP exporter."),
  sampler: object({
    parentSampler: oneOf("always", "traceid").default("traceid").doc("Every trace, or a share of them decided by the trace id."),
    traceIdRatio: number({ minimum: 0, maximum: 1 }).default(0.01).doc("The share of runs and syncs that is traced when parentSampler is traceid."),
  })
    .default({})
    .doc("Which traces are kept. Replicas agree, because the trace id of a run follows from its uid."),
});

export const serverSection = object({
  healthAddress: address().default(":8081").doc("Where /healthz and /readyz are answered."),
  apiAddress: address().default(":8090").doc("Where flyteops api answers calls: gRPC, gRPC-Web, Connect and JSON."),
  metricsAddress: address().default(":9090").doc("Where /metrics is answered."),
});

export const kubeClientSection = object({
  maxInFlight: integer({ minimum: 1, maximum: 4096 }).default(128).reloadable().doc("Most requests to the Kubernetes API at once; watches do not count."),
  minInFlight: integer({ minimum: 1, maximum: 4096 }).default(4).reloadable().doc("What the limit falls to at most while the API server is slow or refuses."),
  latencyTarget: string({ pattern: "^([0-9]+(ms|s|m|h|d))+$", maxLength: 64, expects: "a duration such as 500ms or 2s" })
    .default("1s")
    .reloadable()
    .doc("Answers slower than this make the client ask less at once."),
}).rule({
  check: ({ minInFlight, maxInFlight }) => minInFlight <= maxInFlight,
  message: "minInFlight must not be more than maxInFlight",
  at: ["minInFlight"],
});
