// Makes an image without a registry and without a container builder, from this checkout's bundle and programs of this machine (Linux).
//
//   node scripts/image.mjs --out flyteops.tar [--name flyteops:VERSION] [--without-postgres]
//   node scripts/image.mjs --out node22.tar --name node:22 --task node,busybox      an image for tasks of tests
//   node scripts/image.mjs --out pause.tar --name localhost/pause:1 --single FILE   one static program
//
// Load it with `docker load -i`, `podman load -i` or `ctr -n k8s.io images import --local`.
import "./node-version.mjs";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeImage } from "./image/archive.mjs";
import { baseTree, programTree, singleTree, taskTree, USER, versionOf } from "./image/contents.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PATH = "PATH=/usr/local/bin:/usr/bin:/bin";
const options = {
  out: { type: "string" },
  name: { type: "string" },
  task: { type: "string" },
  single: { type: "string" },
  "without-postgres": { type: "boolean", default: false },
};

/** The trees of the image and its settings, by what was asked for. */
function image({ task, single, ...values }) {
  if (single) return { trees: [singleTree(single)], config: { Entrypoint: [`/${single.split("/").at(-1)}`] } };
  if (task) return { trees: [taskTree(task.split(","))], config: { Cmd: ["sh"], Env: [PATH] } };
  const labels = { "org.opencontainers.image.title": "flyteops", "org.opencontainers.image.version": versionOf(root) };
  const config = { Entrypoint: ["flyteops"], Cmd: ["--help"], Env: [PATH, "HOME=/tmp"], User: `${USER}:${USER}`, WorkingDir: "/tmp", Labels: labels };
  return { trees: [baseTree(), programTree(root, { postgres: !values["without-postgres"] })], config };
}

try {
  if (process.platform !== "linux") throw new Error("an image is made of programs of this machine, so it needs Linux; elsewhere use the Dockerfile");
  const { values } = parseArgs({ options });
  if (!values.out) throw new Error("--out FILE is missing");
  const name = values.name ?? `flyteops:${versionOf(root)}`;
  if (!/:[\w][\w.-]*$/.test(name)) throw new Error(`--name ${name}: write NAME:TAG`);
  const { trees, config } = image(values);
  const id = await writeImage(values.out, name, trees, config);
  console.log(`${values.out}: ${name}, sha256:${id}, ${(statSync(values.out).size / 2 ** 20).toFixed(0)} MiB`);
} catch (thrown) {
  console.error(`image: ${thrown.message}`);
  process.exit(1);
}
