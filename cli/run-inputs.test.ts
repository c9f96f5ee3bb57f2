import assert from "node:assert/strict";
import { UserError } from "./context.ts";
import { declaredInputs, parseGiven, runInputs } from "./run-inputs.ts";

const declared = declaredInputs("workflow w", {
  dataset: "file<csv>",
  folds: { type: "integer", default: 5 },
  name: "string | none",
  weights: { type: "list<float>", default: [] },
  when: { type: "datetime", default: "2026-01-01" },
});
const upload = async (path: string) => ({ file: path, digest: "sha256:00" });
const given = (...flags: string[]) => runInputs("workflow w", declared, ["dataset=@x.csv", ...flags], upload);

async function refused(flags: string[], message: RegExp, hint?: RegExp): Promise<void> {
  await assert.rejects(given(...flags), (thrown) => {
    assert.ok(thrown instanceof UserError);
    assert.match(thrown.message, message);
    if (hint) assert.match(thrown.hint ?? "", hint);
    return true;
  });
}

describe("inputs on the command line", () => {
  it("are text of the declared type, files with @, JSON with :=", async () => {
    assert.deepEqual(await given("folds=10", "weights:=[1, 2.5]", "name=yes"), {
      dataset: { file: "x.csv", digest: "sha256:00" },
      folds: 10,
      weights: [1, 2.5],
      name: "yes",
    });
  });

  it("keep integers that a double cannot hold", async () => {
    assert.deepEqual((await given("folds=9007199254740993"))["folds"], "9007199254740993");
  });

  it("split at the first equals sign only", () => assert.deepEqual(parseGiven("a=b=c"), { name: "a", kind: "text", text: "b=c" }));

  it("name the input that does not exist and those that do", () => refused(["fold=3"], /no input fold/, /dataset \(file<csv>\), folds \(integer\)/));

  it("refuse text that is not of the type", () => refused(["folds=many"], /-i folds/));

  it("refuse a path where a value is wanted, and a value where a file is", async () => {
    await refused(["folds=@x"], /not a file/);
    await assert.rejects(runInputs("workflow w", declared, ["dataset=x.csv"], upload), /dataset is file<csv>/);
  });

  it("are data that stays where it is when they are a URI", async () => {
    assert.deepEqual(await runInputs("workflow w", declared, ["dataset=file:///data/raw/x.csv"], upload), { dataset: { uri: "file:///data/raw/x.csv" } });
    await assert.rejects(runInputs("workflow w", declared, ["dataset=ftp://bucket/x.csv"], upload), /ftp:\/\/ cannot be read/);
    await assert.rejects(runInputs("workflow w", declared, ["dataset=file:///data/../x.csv"], upload), /write the path in full/);
  });

  it("say which required ones are missing, with the flags to type", async () => {
    await assert.rejects(runInputs("workflow w", declared, [], upload), (thrown: UserError) => {
      assert.match(thrown.message, /needs dataset/);
      assert.equal(thrown.hint, "-i dataset=@file");
      return true;
    });
  });

  it("refuse what is not JSON behind :=", () => refused(["weights:=[1"], /not JSON/));
});
