import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "../programs/families.ts";

const run = promisify(execFile);

export const PAUSE_IMAGE = "localhost/pause:1";
/** As the chart names it, and as it is written in full. */
export const PRODUCT_IMAGE = "docker.io/library/flyteops:cluster";
export const SHELL_IMAGE = "docker.io/library/busybox:1.37";
export const NODE_IMAGE = "docker.io/library/node:22";

interface Making {
  readonly name: string;
  readonly options: readonly string[];
}

/** Every image of the suites: ours, and bases for tasks. */
const images = (pause: string): readonly Making[] => [
  { name: PAUSE_IMAGE, options: ["--single", pause] },
  { name: PRODUCT_IMAGE, options: [] },
  { name: SHELL_IMAGE, options: ["--task", "busybox"] },
  { name: NODE_IMAGE, options: ["--task", "node,busybox"] },
];

/** Makes all images and answers their archives. Says what ours is and how large. */
export async function makeImages(directory: string, pause: string, say: (line: string) => void): Promise<string[]> {
  mkdirSync(directory, { recursive: true });
  return Promise.all(
    images(pause).map(async ({ name, options }, index) => {
      const archive = join(directory, `${index}.tar`);
      const { stdout } = await run(process.execPath, ["scripts/image.mjs", "--out", archive, "--name", name, ...options], { cwd: checkout });
      if (name === PRODUCT_IMAGE) say(stdout.trim().slice(archive.length + 2));
      return archive;
    }),
  );
}
