// Copies the flyteidl2 sources of the installed package into proto/gen/, where they are compiled with the rest.
// The package ships TypeScript only; what lands here is derived from it and is never committed.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const source = "node_modules/@flyteorg/flyteidl2";
const target = "proto/gen";
const version = JSON.parse(readFileSync(`${source}/package.json`, "utf8")).version;
const stamp = `${target}/.version`;
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== version) {
  rmSync(target, { recursive: true, force: true });
  for (const folder of ["buf", "flyteidl2", "google"]) cpSync(`${source}/${folder}`, `${target}/${folder}`, { recursive: true });
  writeFileSync(stamp, version);
}
