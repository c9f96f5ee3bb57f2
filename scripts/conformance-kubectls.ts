import { existsSync, readdirSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { familyDirectory } from "../test/cluster/programs/cache.ts";
import { families } from "../test/cluster/programs/families.ts";
import { kubectlPaths, type Program, programsAt } from "../test/conformance/support/kubectl-programs.ts";

const VERSIONED = /^kubectl\.1\.\d+$/;
/** The first that exec, and that forward ports, over WebSocket. */
const WEB_SOCKET_MINORS: readonly number[] = [30, 31];

/** Directories that hold a kubectl, also behind a link. */
function directories(): readonly string[] {
  const found = (process.env["PATH"] ?? "").split(delimiter).filter((directory) => existsSync(join(directory, "kubectl")));
  return [...new Set(found.flatMap((directory) => [directory, dirname(realpathSync(join(directory, "kubectl")))]))];
}

/** The kubectl that was built for the cluster suite, if it was. */
function builtKubectl(): readonly string[] {
  const [kubernetes] = families;
  const path = kubernetes ? join(familyDirectory(kubernetes, process.env), "kubectl") : "";
  return existsSync(path) ? [path] : [];
}

/** The kubectls of the published table: those that KUBECTLS names, else the oldest, the newest and the first two that speak WebSocket. */
export function tableKubectls(): readonly Program[] {
  if (process.env["KUBECTLS"]) return programsAt(kubectlPaths);
  const versioned = directories().flatMap((directory) =>
    readdirSync(directory)
      .filter((name) => VERSIONED.test(name))
      .map((name) => join(directory, name)),
  );
  const all = programsAt([...versioned, ...builtKubectl()]).toSorted((left, right) => left.minor - right.minor);
  if (all.length === 0) return programsAt(kubectlPaths);
  const chosen = all.filter((one, index) => index === 0 || index === all.length - 1 || WEB_SOCKET_MINORS.includes(one.minor));
  return chosen.filter((one, index) => chosen.findIndex(({ version }) => version === one.version) === index);
}
