import { appendFileSync } from "node:fs";
import { join } from "node:path";

/** Log lines of a program go beside those of the cluster, where whoever looks for a failure finds them; by hand to standard error. */
export function lineWriter(program: string): (line: string) => void {
  const directory = process.env["FLYTEOPS_CLUSTER_LOGS"];
  if (!directory) return (line) => void process.stderr.write(line);
  return (line) => appendFileSync(join(directory, `${program}.log`), line);
}
