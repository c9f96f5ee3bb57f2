import assert from "node:assert/strict";
import { canonicalQuantity, quantityNanos } from "./quantity.ts";

const spellings: Readonly<Record<string, string | undefined>> = {
  "0": "0",
  "0.5": "500m",
  "1000m": "1",
  "1500m": "1500m",
  "1024Mi": "1Gi",
  "2048Ki": "2Mi",
  "1.5Gi": "1536Mi",
  "100Ki": "100Ki",
  "1000": "1k",
  "1000k": "1M",
  "0.1Ki": "102400m",
  "1e3": "1e3",
  "1e-3": "1e-3",
  "12e6": "12e6",
  "-5": "-5",
  "+5": "5",
  ".5": "500m",
  "5.": "5",
  "0.0000000001": "1n",
  x: undefined,
  "1 Gi": undefined,
  "": undefined,
  "1KB": undefined,
};

describe("quantities", () => {
  for (const [written, canonical] of Object.entries(spellings)) {
    it(`${JSON.stringify(written)} is ${canonical === undefined ? "none" : canonical}`, () => assert.equal(canonicalQuantity(written), canonical));
  }

  it("may be numbers", () => assert.equal(canonicalQuantity(0.5), "500m"));

  it("compare across units", () => {
    assert.equal(quantityNanos("1"), quantityNanos("1000m"));
    assert.ok((quantityNanos("1Gi") ?? 0n) > (quantityNanos("1G") ?? 0n));
  });
});
