import assert from "node:assert/strict";
import { type ContainerMount, type HostEntry, type HostTree, planRoot } from "./root-plan.ts";

/** `/etc/hosts` is a file, `/var/` a directory, `/bin -> usr/bin` a link. */
function host(...paths: string[]): HostTree {
  const files = new Set(paths.filter((path) => !path.endsWith("/") && !path.includes(" -> ")));
  const links = new Map(paths.filter((path) => path.includes(" -> ")).map((path) => path.split(" -> ") as [string, string]));
  const directories = new Set(["/", ...paths.filter((path) => path.endsWith("/")).map((path) => path.slice(0, -1))]);
  const resolve = (path: string): string => {
    for (const [link, target] of links) if (path === link || path.startsWith(`${link}/`)) return resolve(`/${target}${path.slice(link.length)}`);
    return path;
  };
  const kind = (path: string) => (directories.has(resolve(path)) ? "directory" : files.has(resolve(path)) ? "file" : undefined);
  return {
    kind,
    resolve,
    entries(directory) {
      if (kind(directory) !== "directory") return undefined;
      const inside = (path: string) => path !== "/" && path.slice(0, path.lastIndexOf("/")) === (directory === "/" ? "" : directory);
      const name = (path: string) => path.slice(path.lastIndexOf("/") + 1);
      const found: HostEntry[] = [...directories].filter(inside).map((path) => ({ name: name(path), kind: "directory" }));
      found.push(...[...files].filter(inside).map((path) => ({ name: name(path), kind: "file" as const })));
      found.push(...[...links].filter(([path]) => inside(path)).map(([path, target]) => ({ name: name(path), kind: "link" as const, target })));
      return found;
    },
  };
}

const machine = host(
  "/bin -> usr/bin",
  "/usr/",
  "/usr/bin/",
  "/var/",
  "/var/lib/",
  "/var/run -> run",
  "/run/",
  "/etc/",
  "/etc/hosts",
  "/etc/ssl/",
  "/tmp/",
  "/dev/",
  "/dev/null",
  "/dev/sda",
  "/dev/shm/",
  "/proc/",
);
const mount = (path: string, more: Partial<ContainerMount> = {}): ContainerMount => ({ path, source: `/state${path}`, file: false, readOnly: false, ...more });
const targets = (mounts: ContainerMount[]) => planRoot(mounts, machine).hostBinds.map(({ target }) => target);

describe("a container's file system", () => {
  it("shows the host's directories at their own paths and keeps links as links", () => {
    const plan = planRoot([], machine);
    assert.deepEqual(plan.hostBinds.map(({ target }) => target).sort(), ["/dev/null", "/dev/shm", "/etc", "/run", "/tmp", "/usr", "/var"]);
    assert.deepEqual(plan.links, [{ path: "/bin", target: "usr/bin" }]);
  });

  it("shows devices that every program may need and no disks", () => assert.ok(!targets([]).includes("/dev/sda")));

  it("rebuilds only the directories above a mount point that the host does not have", () => {
    const plan = planRoot([mount("/var/flyte/inputs")], machine);
    assert.ok(plan.directories.includes("/var/flyte/inputs"));
    const bound = plan.hostBinds.map(({ target }) => target);
    assert.ok(bound.includes("/var/lib") && !bound.includes("/var") && bound.includes("/etc"));
    assert.deepEqual(
      plan.links.map(({ path }) => path),
      ["/bin", "/var/run"],
    );
  });

  it("leaves the directories of the host alone when the mount point exists", () => assert.ok(targets([mount("/etc/ssl")]).includes("/etc")));

  it("replaces a file of the host by a directory where a volume wants one", () => {
    const plan = planRoot([mount("/etc/hosts")], machine);
    assert.ok(plan.directories.includes("/etc/hosts") && !plan.files.includes("/etc/hosts"));
    assert.ok(!plan.hostBinds.some(({ target }) => target === "/etc/hosts"));
  });

  it("makes a file where a single file is mounted", () =>
    assert.ok(planRoot([mount("/dev/termination-log", { file: true })], machine).files.includes("/dev/termination-log")));

  it("follows the host's links to where a mount point really lies", () => {
    assert.deepEqual(
      planRoot([mount("/var/run/secrets")], machine).mounts.map(({ path }) => path),
      ["/run/secrets"],
    );
  });

  it("makes the mount point of a volume inside another volume in that volume", () => {
    const plan = planRoot([mount("/data/sub/x"), mount("/data")], machine);
    assert.deepEqual(
      plan.mounts.map(({ path }) => path),
      ["/data", "/data/sub/x"],
    );
    assert.deepEqual(plan.nested, [{ root: "/state/data", path: "/state/data/sub/x", file: false }]);
    assert.ok(!plan.directories.includes("/data/sub"));
  });

  it("does not bind what a volume covers", () => assert.ok(!targets([mount("/tmp")]).includes("/tmp")));
});
