import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./seen.ts";

/**
 * Does something once for all processes that run suites on this tier: whoever comes first does it, the others wait until it is done. What
 * failed once is not tried again.
 */
export async function oncePerTier(what: string, work: () => Promise<void>): Promise<void> {
  const claim = join(process.env["FLYTEOPS_CLUSTER_DIRECTORY"] ?? "", `once-${what}`);
  const done = join(claim, "done");
  try {
    mkdirSync(claim);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    await eventually(
      `another process has ${what} it`,
      () => Promise.resolve(existsSync(done)),
      (is) => is,
    );
    return;
  }
  await work();
  writeFileSync(done, "");
}
