import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeVolume } from "./volume-writer.ts";

const file = (path: string, text: string, mode = 0o644) => ({ path, content: Buffer.from(text), mode });

describe("files of a volume that objects fill", () => {
  let directory: string;
  const read = (path: string) => readFileSync(join(directory, path), "utf8");
  const visible = () => readdirSync(directory).filter((name) => !name.startsWith(".."));

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "volume-"))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("are there with their permissions, below directories too", async () => {
    await writeVolume(directory, [file("a", "1", 0o400), file("deep/b", "2")], undefined);
    assert.deepEqual([read("a"), read("deep/b")], ["1", "2"]);
    assert.equal(statSync(join(directory, "a")).mode & 0o777, 0o400);
    assert.deepEqual(visible(), ["a", "deep"]);
  });

  it("change all at once, and what is gone is gone", async () => {
    await writeVolume(directory, [file("a", "1"), file("b", "1")], undefined);
    const before = readlinkSync(join(directory, "..data"));
    await writeVolume(directory, [file("a", "2"), file("c", "2")], undefined);
    assert.deepEqual([read("a"), read("c"), visible()], ["2", "2", ["a", "c"]]);
    assert.notEqual(readlinkSync(join(directory, "..data")), before);
    assert.equal(readdirSync(directory).includes(before), false);
  });

  it("are not touched when nothing has changed", async () => {
    const files = [file("a", "1"), file("deep/b", "2", 0o600)];
    await writeVolume(directory, files, undefined);
    const before = readlinkSync(join(directory, "..data"));
    await writeVolume(directory, files, undefined);
    assert.equal(readlinkSync(join(directory, "..data")), before);
    await writeVolume(directory, [files[0] ?? file("a", ""), file("deep/b", "2", 0o644)], undefined);
    assert.notEqual(readlinkSync(join(directory, "..data")), before);
  });
});
