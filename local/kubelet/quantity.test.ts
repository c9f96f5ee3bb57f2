import assert from "node:assert/strict";
import { byteCount, cpuMillis } from "./quantity.ts";
import { podRequests, qosClass } from "./resources.ts";
import type { Container, Pod } from "./pod-shapes.ts";

const pod = (containers: Partial<Container>[], initContainers: Partial<Container>[] = []) =>
  ({ apiVersion: "v1", kind: "Pod", metadata: {}, spec: { containers, initContainers } }) as unknown as Pod;
const asks = (cpu: string, restartPolicy?: string): Partial<Container> => ({ resources: { requests: { cpu } }, ...(restartPolicy ? { restartPolicy } : {}) });

describe("quantities and requests", () => {
  it("reads CPUs as thousandths", () => assert.deepEqual(["500m", "1", "0.1", "1500u", "2"].map(cpuMillis), [500, 1000, 100, 2, 2000]));
  it("reads memory as bytes", () =>
    assert.deepEqual(["1Ki", "1k", "1.5Gi", "1e3", "128974848", "1M"].map(byteCount), [1024, 1000, 1610612736, 1000, 128974848, 1000000]));
  it("counts what is no quantity as nothing", () => assert.equal(byteCount("many"), 0));

  it("takes the larger of all main containers together and each init container alone", () => {
    assert.equal(podRequests(pod([asks("1"), asks("500m")], [asks("2"), asks("100m")])).cpuMillis, 2000);
    assert.equal(podRequests(pod([asks("1"), asks("1500m")], [asks("2")])).cpuMillis, 2500);
  });
  it("adds a sidecar to everything that starts after it", () => {
    assert.equal(podRequests(pod([asks("1")], [asks("300m"), asks("200m", "Always"), asks("1500m")])).cpuMillis, 1700);
  });
  it("takes limits for requests that are not set", () => {
    assert.equal(podRequests(pod([{ resources: { limits: { memory: "1Gi" } } }])).memoryBytes, 2 ** 30);
  });
  it("names the quality of service as the API server does", () => {
    const full = { resources: { limits: { cpu: "1", memory: "1Gi" } } };
    assert.deepEqual([pod([{}]), pod([asks("1")]), pod([full]), pod([full, {}])].map(qosClass), ["BestEffort", "Burstable", "Guaranteed", "Burstable"]);
  });
});
