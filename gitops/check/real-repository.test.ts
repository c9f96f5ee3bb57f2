import assert from "node:assert/strict";
import { silentLogger } from "../../base/index.ts";
import { memoryStore } from "../../blobs/index.ts";
import { referenceStore, withReferences } from "../content/store-reference.ts";
import { formatProblem } from "../problem.ts";
import { gitMirrors } from "../source/git-mirrors.ts";
import type { GitRemote, Revision } from "../source/git-remote.ts";
import { realClock, scratchDirectory, scratchRepository, type ScratchRepository } from "../testing/scratch-repository.ts";
import { checkRepository } from "./repository-checker.ts";

const task = (name: string, more = "") => `apiVersion: flyte.org/v1
kind: Task
metadata: {name: ${name}, namespace: ml-development}
spec:
  type: container
  container: {image: "node:22", command: [node, x.js]}
${more}`;

describe("checking a real repository", function () {
  this.timeout(30_000);
  let repository: ScratchRepository;
  let state: ReturnType<typeof scratchDirectory>;
  let remote: GitRemote;
  beforeEach(() => {
    repository = scratchRepository();
    state = scratchDirectory();
    remote = gitMirrors({ stateDir: state.path, allowFile: true, environment: process.env, clock: realClock, logger: silentLogger });
  });
  afterEach(async () => {
    await remote.close();
    repository.remove();
    state.remove();
  });
  const resolve = (): Promise<Revision> => remote.resolve({ url: repository.root, ref: {}, timeoutMs: 20_000 });

  it("answers every kind of bad input with a place and keeps the good siblings", async () => {
    repository.link("linked.yaml", "/etc/passwd");
    repository.link("src/credentials", "/root/.ssh/id_rsa");
    repository.commit({
      "good.yaml": task("good"),
      "huge.yaml": `${task("huge")}#${" ".repeat(30 * 1024 * 1024)}\n`,
      "huge-data.yaml": `rows:\n${"- 1\n".repeat(2_000_000)}`,
      "bomb.yaml": `apiVersion: flyte.org/v1\nkind: Task\na: &a [x,x,x,x,x,x,x,x,x]\n${"abcdefgh"
        .split("")
        .slice(1)
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[index]}`).join(",")}]\n`)
        .join("")}`,
      "outside.yaml": task("outside", "  code: {path: ../../etc}\n"),
      "links.yaml": task("links", "  code: {path: src}\n"),
      "src/x.js": "",
    });
    const revision = await resolve();
    const { problems, objects, ignored } = await checkRepository(await remote.tree(revision), {});
    assert.deepEqual(
      objects.map(({ name }) => name),
      ["good"],
    );
    assert.equal(ignored, 1);
    assert.deepEqual(
      problems.map((problem) => `${problem.code} ${formatProblem(problem).split(": ", 1)[0]}`),
      [
        "TooManyAliases bomb.yaml:5:32",
        "FileTooLarge huge.yaml:1:1",
        "LinkNotAllowed linked.yaml:1:1",
        "FileNotUsable links.yaml:7:16",
        "PathInvalid outside.yaml:7:16",
      ],
    );
  });

  it("refuses a submodule in code", async () => {
    const other = scratchRepository();
    other.commit({ "x.js": "" });
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.root, "src/vendor");
    repository.commit({ "t.yaml": task("t", "  code: {path: src}\n") });
    const { problems } = await checkRepository(await remote.tree(await resolve()), {});
    assert.match(problems[0]?.message ?? "", /src\/vendor is a submodule/);
    other.remove();
  });

  it("stores files, directories and code of the same commit, by content", async () => {
    repository.commit({ "t.yaml": task("t", "  code: {path: src}\n"), "src/x.js": "one", "src/lib/y.js": "two" });
    repository.git("update-index", "--chmod=+x", "src/x.js");
    repository.git("commit", "--quiet", "-m", "executable");
    const revision = await resolve();
    const tree = await remote.tree(revision);
    const [object] = (await checkRepository(tree, {})).objects;
    assert.ok(object);
    repository.commit({ "src/x.js": "changed on disk and in the next commit" });
    const store = memoryStore();
    const references = referenceStore(store);
    const resolved = await Promise.all(object.references.map((reference) => references.resolve(tree, reference)));
    const { spec } = withReferences(object.object, resolved, revision.text) as unknown as { spec: { code: { digest: string; revision: string } } };
    assert.match(spec.code.digest, /^sha256:[0-9a-f]{64}$/);
    assert.equal(spec.code.revision, revision.text);
    const keys: string[] = [];
    for await (const { key } of store.list("code")) keys.push(key);
    assert.deepEqual(keys, [`code/${spec.code.digest.slice("sha256:".length)}.tar`]);
    const again = referenceStore(memoryStore());
    assert.deepEqual(await Promise.all(object.references.map((reference) => again.resolve(tree, reference))), resolved);
  });
});
