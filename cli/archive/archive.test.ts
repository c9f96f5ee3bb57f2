import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { seededRandom } from "../../base/index.ts";
import { ApiError, type ObjectRef } from "../../kube/index.ts";
import type { KindRef } from "../../kube/index.ts";
import { type CliDeps, type Connection, EXIT, UserError } from "../context.ts";
import { databaseUrl, parseDatabaseUrl } from "./database-url.ts";
import { whereArchive } from "./where-archive.ts";
import { withArchive } from "./with-archive.ts";

describe("the URL of a database", () => {
  it("reads what libpq reads", () => {
    const { sslMode, ...rest } = parseDatabaseUrl("postgresql://u%40x:p%2F@db.example:6432/flows?sslmode=require&sslrootcert=/ca.pem", "url");
    assert.deepEqual(rest, { host: "db.example", port: 6432, user: "u@x", password: "p/", database: "flows", sslRootCert: "/ca.pem" });
    assert.equal(sslMode, "require");
  });

  it("wants TLS with a known server wherever the network is left for another machine", () => {
    const mode = (text: string) => parseDatabaseUrl(text, "url").sslMode;
    assert.deepEqual(["postgresql://db/x", "postgresql://127.0.0.1/x", "postgresql://[::1]/x", "postgresql://localhost/x?host=/run/pg"].map(mode), [
      "verify-full",
      "disable",
      "disable",
      "disable",
    ]);
  });

  it("is written so that it reads back, sockets and addresses of version 6 too", () => {
    for (const host of ["/tmp/a b/socket", "db.example", "::1"]) {
      const address = { host, port: 5433, user: "flyteops", database: "post/gres", sslMode: "require" as const };
      assert.deepEqual(parseDatabaseUrl(databaseUrl(address), "url"), { ...address, password: undefined, sslRootCert: undefined });
    }
  });

  for (const [text, said] of [
    ["http://db/x", /not a postgresql/],
    ["secret", /not a postgresql/],
    ["postgresql://db:99999/x", /not a postgresql|port/],
    ["postgresql:///x", /names no host/],
    ["postgresql://db/x?sslmode=prefer", /sslmode=prefer is not one of disable, require/],
    ["postgresql://db/x?options=-c", /parameter options is not one of/],
  ] as const)
    it(`refuses ${text} without repeating a password`, () => {
      assert.throws(() => parseDatabaseUrl(text, "--database"), (thrown) => thrown instanceof UserError && said.test(thrown.message) && !thrown.message.includes("secret")); // prettier-ignore
    });
});

describe("the way to the archive", () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), "flyteops-where-"));
    mkdirSync(join(state, "postgres"));
    writeFileSync(join(state, "kubeconfig"), "");
    writeFileSync(join(state, "postgres", "password"), "of-the-laptop\n", { mode: 0o600 });
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  const deps = { env: {}, random: seededRandom(1) } as unknown as CliDeps;
  /** A cluster that holds these objects, by `Kind/name`; what is not named is absent, what is an error is refused. */
  const cluster = (objects: Readonly<Record<string, Record<string, string> | Error>>): Connection =>
    ({
      client: {
        get: (kind: KindRef, { name }: ObjectRef) => {
          const found = objects[`${kind.kind}/${name}`];
          if (found instanceof Error) return Promise.reject(found);
          return found ? Promise.resolve({ data: found }) : Promise.reject(new ApiError(404, "NotFound", "absent"));
        },
      },
    }) as unknown as Connection;
  const laptop = (databasePassword: string) =>
    cluster({ "ConfigMap/flyteops": { database: "postgresql://flyteops@localhost:5432/postgres?host=/run/x", databasePassword } });
  const secret = { password: Buffer.from("of-the-cluster").toString("base64") };

  it("is the socket of flyteops up, with the password of its state directory", async () => {
    const { host, password, tls } = await whereArchive(deps, laptop(pathToFileURL(join(state, "postgres", "password")).href), {});
    assert.deepEqual([host, password, tls?.mode], ["/run/x", "of-the-laptop", "disable"]);
  });

  it("reads no other file that a cluster names", async () => {
    const own = join(state, "id_rsa");
    writeFileSync(own, "key", { mode: 0o600 });
    const elsewhere = join(state, "elsewhere", "postgres");
    mkdirSync(elsewhere, { recursive: true });
    writeFileSync(join(elsewhere, "password"), "of another program", { mode: 0o600 });
    for (const path of [own, join(elsewhere, "password"), join(state, "postgres", "absent")])
      await assert.rejects(whereArchive(deps, laptop(pathToFileURL(path).href), {}), { message: /is not one that flyteops up made/ });
    chmodSync(join(state, "postgres", "password"), 0o644);
    await assert.rejects(whereArchive(deps, laptop(pathToFileURL(join(state, "postgres", "password")).href), {}), { exitCode: EXIT.unreachable });
  });

  it("is what the configuration of an installation names, with the password of its Secret", async () => {
    const config = "database:\n  postgres: {host: pg.flyteops-system, dbname: runs, options: sslmode=require}\n";
    const found = await whereArchive(deps, cluster({ "ConfigMap/flyteops-config": { "config.yaml": config }, "Secret/flyteops-database": secret }), {});
    assert.deepEqual([found.host, found.database, found.password, found.tls], ["pg.flyteops-system", "runs", "of-the-cluster", { mode: "require" }]);
  });

  it("takes the password from the Secret that the installation names", async () => {
    const facts = { database: "postgresql://pg.example/runs", databaseSecret: "of-ours" };
    assert.equal((await whereArchive(deps, cluster({ "ConfigMap/flyteops": facts, "Secret/of-ours": secret }), {})).password, "of-the-cluster");
  });

  it("believes the authority in the Secret that the installation names", async () => {
    const facts = { database: "postgresql://pg.example/runs", databaseSecret: "of-ours", databaseRootCertificateKey: "ca.crt" };
    const held = { ...secret, "ca.crt": Buffer.from("PEM").toString("base64") };
    assert.equal((await whereArchive(deps, cluster({ "ConfigMap/flyteops": facts, "Secret/of-ours": held }), {})).tls?.rootCertificate, "PEM");
  });

  it("says how to ask a database that is in the controller's pod, which finds its password there", async () => {
    const config = { "config.yaml": "database: {embedded: true, embeddedDirectory: /data/pg, postgres: {host: ignored}}\n" };
    const url = "postgresql://flyteops@localhost:5432/postgres?host=%2Fdata%2Fpg%2Fsocket&sslmode=disable";
    const hint = `kubectl exec -n flyteops-system deploy/flyteops-controller -- flyteops history --database '${url}'`;
    const told = [
      { "ConfigMap/flyteops": { storage: "s3://b" }, "ConfigMap/flyteops-config": config },
      { "ConfigMap/flyteops": { databaseEmbedded: "/data/pg" } },
    ];
    for (const each of told) await assert.rejects(whereArchive(deps, cluster(each), {}), { exitCode: EXIT.unreachable, hint });
    const inside = await whereArchive(deps, cluster({}), { database: url.replace("%2Fdata%2Fpg", encodeURIComponent(join(state, "postgres"))) });
    assert.deepEqual([inside.host, inside.password, inside.tls?.mode], [join(state, "postgres", "socket"), "of-the-laptop", "disable"]);
  });

  it("is what the user says, before everything else", async () => {
    const other = cluster({ "ConfigMap/flyteops": { database: "postgresql://elsewhere/x" }, "Secret/flyteops-database": secret });
    const options = { database: "postgresql://me@127.0.0.1:15432/runs" };
    const passwords = [deps, { ...deps, env: { PGPASSWORD: "mine" } }].map(async (with_) => (await whereArchive(with_, other, options)).password);
    assert.deepEqual(await Promise.all(passwords), ["of-the-cluster", "mine"]);
  });

  it("sends no password of the user's environment to a server that a cluster names", async () => {
    const other = cluster({ "ConfigMap/flyteops": { database: "postgresql://elsewhere/x" } });
    assert.equal((await whereArchive({ ...deps, env: { PGPASSWORD: "mine" } }, other, {})).password, "");
  });

  it("says why a database does not answer, and what to do", async () => {
    const refusing = createServer((socket) => {
      socket.once("data", () => {
        const fields = Buffer.from("SFATAL\0C28P01\0Mpassword authentication failed\0\0");
        const head = Buffer.from([69, 0, 0, 0, fields.length + 4]);
        socket.end(Buffer.concat([head, fields]));
      });
    });
    await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    const { port } = refusing.address() as { port: number };
    const ask = (at: number) =>
      withArchive(deps, cluster({}), { database: `postgresql://me:secret@127.0.0.1:${at}/x` }, (history) => history.runs({ limit: 1 }));
    await assert.rejects(ask(port), { exitCode: EXIT.unreachable, message: /password authentication failed/, hint: /PGPASSWORD/ });
    await new Promise((resolve) => refusing.close(resolve));
    await assert.rejects(ask(port), { exitCode: EXIT.unreachable, message: /ECONNREFUSED/, hint: /is its control plane running/ });
  });

  it("says what is missing, and what may not be read", async () => {
    await assert.rejects(whereArchive(deps, cluster({}), {}), { exitCode: EXIT.unreachable, message: /does not say where the archive is/ });
    const forbidden = cluster({ "ConfigMap/flyteops": { database: "postgresql://pg/x" }, "Secret/flyteops-database": new ApiError(403, "Forbidden", "no") });
    await assert.rejects(whereArchive(deps, forbidden, {}), {
      exitCode: EXIT.unreachable,
      message: /Secret flyteops-system\/flyteops-database.*cannot be read/,
    });
  });
});
