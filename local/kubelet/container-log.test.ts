import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { virtualClock } from "../../test/support/virtual-clock.ts";
import { containerLog } from "./container-log.ts";
import { logTail, type PodLogOptions, readLog } from "./log-reader.ts";

describe("container logs", function () {
  this.timeout(20_000);
  let directory: string;
  const clock = virtualClock();
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "log-"))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const open = (maxBytes = 1 << 20) => containerLog({ path: join(directory, "0.log"), clock, maxBytes });
  async function read(options: Partial<PodLogOptions> = {}): Promise<string> {
    const chunks: Uint8Array[] = [];
    const all = { follow: false, previous: false, timestamps: false, signal: new AbortController().signal, ...options };
    for await (const chunk of readLog({ path: join(directory, "0.log") }, all, clock)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it("gives back every byte, however the writes were cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 20 }), async (chunks) => {
        rmSync(join(directory, "0.log"), { force: true });
        const log = open();
        for (const chunk of chunks) log.stdout(Buffer.from(chunk));
        log.close();
        assert.equal(await read(), Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))).toString());
      }),
      { numRuns: 40 },
    );
  });

  it("keeps a line longer than a record together and stamps it once", async () => {
    const log = open();
    log.stdout(Buffer.from(`${"x".repeat(40_000)}\nnext\n`));
    log.close();
    assert.equal(await read(), `${"x".repeat(40_000)}\nnext\n`);
    assert.equal((await read({ timestamps: true })).match(/\d{4}-\d\d-\d\dT/g)?.length, 2);
  });

  it("never grows beyond two files of the given size", async () => {
    const log = open(10_000);
    for (let line = 0; line < 2_000; line += 1) log.stdout(Buffer.from(`line ${line}\n`));
    log.close();
    assert.ok(existsSync(join(directory, "0.log.1")));
    assert.ok(statSync(join(directory, "0.log")).size + statSync(join(directory, "0.log.1")).size < 21_000);
    assert.match(await read(), /line 1998\nline 1999\n$/);
    assert.equal(await read({ tailLines: 3 }), "line 1997\nline 1998\nline 1999\n");
  });

  it("shows only what is newer than asked for", async () => {
    const log = open();
    log.stdout(Buffer.from("old\n"));
    await clock.advance(60_000);
    log.stderr(Buffer.from("new\n"));
    log.close();
    assert.equal(await read({ sinceSeconds: 10 }), "new\n");
    assert.equal(await read({ limitBytes: 5 }), "old\nn");
    assert.equal(await read({ tailLines: 0 }), "");
  });

  it("takes the last 80 lines and 2048 bytes for a termination message", async () => {
    const log = open();
    for (let line = 0; line < 200; line += 1) log.stderr(Buffer.from(`${line} ${"y".repeat(60)}\n`));
    log.close();
    const tail = await logTail(join(directory, "0.log"));
    assert.equal(tail.length, 2048);
    assert.match(tail, /\n199 y{60}\n$/);
  });
});
