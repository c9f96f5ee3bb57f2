import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { basename, dirname, join } from "node:path";
import { Failure, silentLogger } from "../../base/index.ts";
import { httpsGit, type HttpsGit } from "../testing/https-git.ts";
import { realClock, scratchDirectory, scratchRepository, type ScratchRepository } from "../testing/scratch-repository.ts";
import { credentialsOf, type GitCredentials } from "./git-credentials.ts";
import { gitMirrors } from "./git-mirrors.ts";
import type { GitRemote } from "./git-remote.ts";

const secret = (data: Record<string, string>) => Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]));
const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "no failure",
    (thrown: unknown) => (thrown instanceof Failure ? thrown.reason : String(thrown)),
  );

describe("credentials of a GitSync", () => {
  const https = "https://git.example.org/ml/flows.git";
  const ssh = "ssh://git@git.example.org/ml/flows.git";
  const plainKey = `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from("openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none").toString("base64")}\n-----END OPENSSH PRIVATE KEY-----`;
  const lockedKey = `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from("openssh-key-v1\0\0\0\0\x0aaes256-ctr\0\0\0\x06bcrypt").toString("base64")}\n-----END OPENSSH PRIVATE KEY-----`;

  it("takes the keys that Flux uses, without the line break at their end", () => {
    assert.deepEqual(
      { ...credentialsOf(https, "git", secret({ username: "ada\n", password: "s3cret\n" })) },
      {
        username: "ada",
        password: "s3cret",
        bearerToken: undefined,
        ca: undefined,
        certificate: undefined,
        key: undefined,
      },
    );
    assert.equal(credentialsOf(ssh, "git", secret({ identity: plainKey, known_hosts: "h ssh-ed25519 AAAA" })).identity, `${plainKey}\n`);
  });

  const refused: Readonly<Record<string, readonly [string, Record<string, string>, RegExp]>> = {
    "a Secret without any of them": [https, { token: "x" }, /needs username and password, or bearerToken/],
    "a password without its user": [https, { password: "s3cret" }, /username and password belong together/],
    "two kinds of authorisation at once": [https, { username: "a", password: "s3cret", bearerToken: "s3cret" }, /both bearerToken and password/],
    "a password that would end the header": [https, { username: "a", password: "s3cret\r\nHost: evil" }, /line break/],
    "ssh without host keys": [ssh, { identity: plainKey }, /needs the keys identity and known_hosts/],
    "a key with a passphrase": [ssh, { identity: lockedKey, known_hosts: "h ssh-ed25519 AAAA" }, /passphrase/],
    "an address with credentials of its own": ["https://ada:x@git.example.org/flows.git", { username: "a", password: "s3cret" }, /spec\.url holds credentials/],
    "an address that takes none": ["file:///srv/flows", { username: "a", password: "s3cret" }, /remove it/],
  };
  for (const [what, [url, data, words]] of Object.entries(refused)) {
    it(`refuses ${what}, and does not repeat the secret`, () => {
      assert.throws(
        () => credentialsOf(url, "git", secret(data)),
        (thrown: Error) => words.test(thrown.message) && !thrown.message.includes("s3cret"),
      );
    });
  }
});

describe("a private repository", function () {
  this.timeout(20_000);
  let repository: ScratchRepository;
  let state: ReturnType<typeof scratchDirectory>;
  let remote: GitRemote;
  const closers: (() => unknown)[] = [];

  beforeEach(() => {
    repository = scratchRepository();
    repository.commit({ "flows/a.yaml": "a: 1\n" });
    state = scratchDirectory();
    mkdirSync(join(state.path, "mirrors"));
    remote = gitMirrors({ stateDir: join(state.path, "mirrors"), allowFile: false, environment: process.env, clock: realClock, logger: silentLogger });
  });
  afterEach(async () => {
    await remote.close();
    for (const close of closers.splice(0)) await close();
    repository.remove();
    state.remove();
  });

  const resolve = (url: string, credentials: GitCredentials | undefined, scope = "uid-1") =>
    remote.resolve({ url, ref: { branch: "main" }, credentials, scope, timeoutMs: 15_000 });
  const leftovers = () => readdirSync(join(state.path, "mirrors")).filter((name) => name.startsWith("credentials-"));

  async function serve(expects: string, redirectTo?: string): Promise<HttpsGit | undefined> {
    const server = await httpsGit(dirname(repository.root), state.path, { expects, ...(redirectTo === undefined ? {} : { redirectTo }) });
    if (server) closers.push(() => server.close());
    else console.log("      skipped: openssl is not installed");
    return server;
  }

  it("is read over https with a user and a password, and with nothing else", async function () {
    const basic = `Basic ${Buffer.from("ada:s3cret").toString("base64")}`;
    const server = await serve(basic);
    if (!server) return this.skip();
    const url = `${server.url}/${basename(repository.root)}/.git`;
    const good = { username: "ada", password: "s3cret", ca: server.ca };
    const revision = await resolve(url, good);
    assert.equal((await (await remote.tree(revision)).list("flows")).length, 1);
    assert.equal(await reasonOf(resolve(url, { ...good, password: "wr0ng" })), "AuthenticationFailed");
    assert.equal(await reasonOf(resolve(url, { username: "ada", password: "s3cret" })), "CertificateUntrusted");
    const message = await resolve(url, { ...good, password: "wr0ng" }).catch((thrown: unknown) => String(thrown));
    assert.doesNotMatch(String(message), /wr0ng/);
    assert.deepEqual(leftovers(), []);
    for (const file of readdirSync(join(state.path, "mirrors"), { recursive: true, withFileTypes: true })) {
      if (file.isFile()) assert.ok(!readFileSync(join(file.parentPath, file.name)).includes("s3cret"), `${file.name} holds the password`);
    }
  });

  it("is read over https with a token", async function () {
    const server = await serve("Bearer t0ken");
    if (!server) return this.skip();
    const revision = await resolve(`${server.url}/${basename(repository.root)}/.git`, { bearerToken: "t0ken", ca: server.ca });
    assert.match(revision.text, /^main@sha1:/);
  });

  it("is not shared with a follower that has other credentials", async function () {
    const server = await serve("Bearer t0ken");
    if (!server) return this.skip();
    const url = `${server.url}/${basename(repository.root)}/.git`;
    const revision = await resolve(url, { bearerToken: "t0ken", ca: server.ca });
    const stranger = remote.resolve({ url, ref: { commit: revision.commit }, credentials: { ca: server.ca }, scope: "uid-2", timeoutMs: 15_000 });
    assert.equal(await reasonOf(stranger), "AuthenticationFailed");
  });

  it("does not give its credentials to the host of a redirect", async function () {
    const target = await serve("Bearer t0ken");
    if (!target) return this.skip();
    const server = await serve("Bearer t0ken", target.url);
    assert.ok(server);
    assert.notEqual(await reasonOf(resolve(`${server.url}/${basename(repository.root)}/.git`, { bearerToken: "t0ken", ca: server.ca })), "no failure");
    assert.deepEqual(target.seen, []);
  });

  it("is read over ssh with its key and its host keys, and with no other host key", async function () {
    const sshd = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find((path) => existsSync(path));
    if (sshd === undefined) {
      console.log("      skipped: sshd is not installed");
      return this.skip();
    }
    const file = (name: string) => join(state.path, name);
    for (const name of ["host", "other", "user"]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(name)]);
    writeFileSync(file("authorized"), readFileSync(file("user.pub")), { mode: 0o600 });
    const port = await freePort();
    const options = [
      `AuthorizedKeysFile=${file("authorized")}`,
      "StrictModes=no",
      "PidFile=none",
      "UsePAM=no",
      "PasswordAuthentication=no",
      "ListenAddress=127.0.0.1",
    ];
    if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
    const child = spawn(sshd, ["-D", "-e", "-f", "/dev/null", "-p", String(port), "-h", file("host"), ...options.flatMap((option) => ["-o", option])]);
    closers.push(() => new Promise((done) => child.once("close", done) && child.kill()));
    await new Promise<void>((done) => child.stderr.on("data", (text: Buffer) => text.includes("listening") && done()));
    const known = (key: string) => `[127.0.0.1]:${port} ${readFileSync(file(`${key}.pub`), "utf8")}`;
    const url = `ssh://${userInfo().username}@127.0.0.1:${port}${repository.root}`;
    const identity = readFileSync(file("user"), "utf8");
    assert.match((await resolve(url, { identity, knownHosts: known("host") })).text, /^main@sha1:/);
    assert.equal(await reasonOf(resolve(url, { identity, knownHosts: known("other") })), "HostKeyUnknown");
    assert.equal(await reasonOf(resolve(url, { identity: readFileSync(file("other"), "utf8"), knownHosts: known("host") })), "AuthenticationFailed");
    assert.deepEqual(leftovers(), []);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address ? address.port : 0;
}
