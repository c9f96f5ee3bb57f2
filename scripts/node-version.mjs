// Imported first by every script: ends it with a sentence where Node.js is too old, before something fails for that reason.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`flyteops needs Node.js 20.19 or newer; this is ${process.version} (${process.execPath})`);
  process.exit(1);
}
