// npm may leave optional packages of other platforms out of package-lock.json and then refuse the file (`npm ci`: "Missing: … from
// lock file"). This adds an entry for each one that an installed package names. `--check` only says what is missing.
import { readFileSync, writeFileSync } from "node:fs";

const path = "package-lock.json";
const lock = JSON.parse(readFileSync(path, "utf8"));
const missing = [];
for (const [location, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${location}/node_modules/${name}`;
    const top = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[top]) continue;
    if (!/^\d+\.\d+\.\d+[-.\w]*$/.test(version)) continue;
    missing.push(`${name}@${version}`);
    const parts = name.split("/").at(-1).split("-");
    const os = parts.find((part) => ["linux", "darwin", "win32", "windows", "freebsd", "android"].includes(part));
    const cpu = parts.find((part) => ["x64", "arm64", "arm", "ia32", "ppc64", "riscv64"].includes(part));
    lock.packages[top] = {
      version,
      optional: true,
      ...(cpu ? { cpu: [cpu] } : {}),
      ...(os ? { os: [os === "windows" ? "win32" : os] } : {}),
    };
  }
}
if (missing.length === 0) process.exit(0);
if (process.argv.includes("--check")) {
  console.error(`package-lock.json lacks ${missing.join(", ")}: run node scripts/complete-lock.mjs`);
  process.exit(1);
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync(path, JSON.stringify(lock, null, 2) + "\n");
console.log(`added ${missing.join(", ")}`);
