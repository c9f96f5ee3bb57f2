import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { ambiguousKey, ambiguousValue, readKubectl, type Reading } from "./scalar-readings.ts";

/** What kubectl makes of a YAML text, without a server; undefined when it refuses it. */
function kubectlReads(yaml: string): Record<string, unknown> | undefined {
  const args = ["patch", "--local", "--type=merge", "-p", "{}", "-o", "json", "-f", "-"];
  const input = `apiVersion: flyte.org/v1\nkind: Task\nmetadata: {name: x}\n${yaml}`;
  const { status, stdout } = spawnSync("kubectl", args, { input, encoding: "utf8", env: { PATH: process.env["PATH"] ?? "", KUBECONFIG: "/dev/null" } });
  return status === 0 ? (JSON.parse(stdout) as Record<string, unknown>) : undefined;
}

function expected(reading: Reading, text: string): unknown {
  if (reading.kind === "string") return text;
  if (reading.kind === "null") return null;
  if (!("value" in reading)) return undefined;
  // JSON has no negative zero worth keeping.
  return typeof reading.value === "boolean" ? reading.value : Number(reading.value) + 0;
}

const withoutSign = (value: unknown): unknown => (value === 0 ? 0 : value);

const WORDS =
  `y Y yes Yes YES n N no No NO on On ON off Off OFF true True TRUE false False FALSE null Null NULL ~ yEs oN tRue 017 0017 08 0o17 0O17 0x1F 0X1f -0x1F
 +017 -017 0b11 0B11 -0b11 1_000 1__0 _1 1_ 1_000.5 1e3 1E3 1e+3 .5 5. 1.0 -.5 +.5 1.e5 .inf -.inf +.INF .nan .NaN 1:30 12:30:45 2001-01-01 2001-12-14t21:59:43.10-05:00
 9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 -9223372036854775808 -9223372036854775809 0xFFFFFFFFFFFFFFFFFF 1.2.3 1,000 +1 -0 0 00 0_7 0x 0b 0o 1e 1e999 . .. -a +a e3 0.1e-2 0x_1F 0b1_1 0o1_7 <<`
    .split(/\s+/)
    .concat([""]);

describe("plain scalars as kubectl reads them", function () {
  this.timeout(60_000);
  before(function () {
    if (spawnSync("kubectl", ["version", "--client"]).error) {
      console.log("      skipped: there is no kubectl on PATH to compare with");
      this.skip();
    }
  });

  it("reads every word of the table as kubectl does", () => {
    const readable = WORDS.filter((word) => readKubectl(word).kind !== "notJson");
    const read = kubectlReads(readable.map((word, index) => `v${index}: ${word}\n`).join(""));
    assert.ok(read);
    readable.forEach((word, index) => assert.deepEqual([word, withoutSign(read[`v${index}`])], [word, expected(readKubectl(word), word)]));
    for (const word of WORDS.filter((each) => readKubectl(each).kind === "notJson")) assert.equal(kubectlReads(`v: ${word}\n`), undefined, word);
  });

  it("calls a key ambiguous exactly when kubectl would store another one", () => {
    // null, and a number that is no key: one of these spoils the whole text.
    const spoils = (word: string) => word === "<<" || ["null"].includes(readKubectl(word).kind) || /^1844|^922337203685477580[89]/.test(word);
    const keys = WORDS.filter((word) => !spoils(word));
    const read = kubectlReads(keys.map((word, index) => `m${index}:\n  ${word}: marker\n`).join(""));
    assert.ok(read);
    keys.forEach((word, index) => {
      const kept = (read[`m${index}`] as Record<string, unknown>)[word] === "marker";
      assert.equal(ambiguousKey(word) === undefined, kept, `key ${word}`);
    });
    for (const word of WORDS.filter(spoils)) assert.notEqual(ambiguousKey(word), undefined, word);
    assert.equal(kubectlReads("m:\n  ~: marker\n"), undefined);
  });

  it("agrees on scalars nobody thought of", () => {
    const character = fc.constantFrom(...Array.from("0123456789_.+-eExXoObByYnNtTfFaAiI:"));
    const words = fc.array(
      fc.array(character, { minLength: 1, maxLength: 7 }).map((characters) => characters.join("")),
      { minLength: 200, maxLength: 400 },
    );
    fc.assert(
      fc.property(words, (found) => {
        const plain = found.filter((word) => !/^[-:?]$|^[-?:] |:$|^---|^\.\.\.|:\s/.test(word) && readKubectl(word).kind !== "notJson");
        const read = kubectlReads(plain.map((word, index) => `v${index}: ${word}\n`).join(""));
        assert.ok(read, "kubectl refused one of them");
        plain.forEach((word, index) => assert.deepEqual([word, withoutSign(read[`v${index}`])], [word, expected(readKubectl(word), word)]));
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  it("knows where kubectl stumbles over a question mark", () => {
    assert.equal(kubectlReads("v: [integer?]\n"), undefined);
    assert.deepEqual(kubectlReads("v: integer?\n")?.["v"], "integer?");
    assert.equal(ambiguousValue("integer?"), undefined);
  });
});
