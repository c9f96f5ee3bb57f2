import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger as logger } from "../base/index.ts";
import { recordsConnectionOf } from "../cmd/records-connection.ts";
import { parseConfig } from "../config/index.ts";
import { type Certificates, makeCertificates, startSystemPostgres, type SystemPostgres, systemPostgres } from "../test/support/debian-postgres.ts";
import { lazyRecords, openRecords, type RecordsConnection, type RecordsTls } from "./index.ts";

const programs = systemPostgres();

async function reaches(connection: RecordsConnection): Promise<void> {
  await (await openRecords({ connection, logger })).close();
}

if (programs === undefined)
  it("an external PostgreSQL, with TLS and restarts, is not tried: /usr/lib/postgresql/*/bin/initdb is not there (Debian: apt install postgresql)");
else {
  describe("an external PostgreSQL", function () {
    this.timeout(30_000);
    let server: SystemPostgres;
    let directory: string;
    before(async () => {
      server = await startSystemPostgres(programs);
      directory = mkdtempSync(join(tmpdir(), "flyteops-secret-"));
    });
    after(async () => {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    });

    it("may restart: what is asked while it is away is refused, what is asked afterwards is answered", async () => {
      const records = await openRecords({ connection: server.connection, logger });
      assert.deepEqual(await records.runs({ limit: 1 }), []);
      await server.stop();
      await assert.rejects(records.runs({ limit: 1 }), { reason: "RecordsUnavailable", retry: "retryable" });
      await server.start();
      assert.deepEqual(await records.runs({ limit: 1 }), []);
      await records.close();
    });

    it("may be there later than the program", async () => {
      await server.stop();
      const records = lazyRecords({ connection: server.connection, logger });
      await assert.rejects(records.ready(), { reason: "RecordsUnavailable" });
      await server.start();
      await records.ready();
      await records.close();
    });

    it("may change the password: the file is read again", async () => {
      const passwordPath = join(directory, "password");
      writeFileSync(passwordPath, "first\n");
      const { config, problems } = parseConfig({
        database: { postgres: { host: "127.0.0.1", port: server.connection.port, passwordPath, options: "sslmode=disable" }, maxIdleConnections: 0 },
      });
      assert.deepEqual(problems, []);
      const records = await openRecords({ connection: recordsConnectionOf(config.database), logger });
      await server.sql("ALTER ROLE flyteops PASSWORD 'second'");
      await assert.rejects(records.runs({ limit: 1 }), /password authentication failed/);
      writeFileSync(passwordPath, "second\n");
      assert.deepEqual(await records.runs({ limit: 1 }), []);
      rmSync(passwordPath);
      await assert.rejects(records.runs({ limit: 1 }), /database.postgres.passwordPath/);
      await records.close();
      await server.sql("ALTER ROLE flyteops PASSWORD 'first'");
    });

    it("is asked over no more connections than it lets, and over idle ones no longer than they may be kept", async () => {
      await server.sql("ALTER ROLE flyteops CONNECTION LIMIT 2");
      const limits = { maxOpenConnections: 2, maxIdleConnections: 1 };
      const records = await openRecords({ connection: { ...server.connection, limits }, logger });
      await Promise.all(Array.from({ length: 20 }, () => records.runs({ limit: 1 })));
      // One connection is kept; another program may have the second as soon as the server has seen the end of that.
      const another = { ...server.connection, limits: { maxOpenConnections: 1 } };
      const isFull = () =>
        reaches(another).then(
          () => false,
          (thrown: unknown) => /too many connections/.test(String(thrown)) || Promise.reject(thrown as Error),
        );
      while (await isFull());
      await records.close();
      await server.sql("ALTER ROLE flyteops CONNECTION LIMIT -1");
    });

    it("is given up when a statement takes longer than it may", async () => {
      const records = await openRecords({ connection: { ...server.connection, limits: { statementTimeoutMs: 150 } }, logger });
      // Somebody else holds the table.
      const held = server.sql("BEGIN; LOCK flyteops.runs; SELECT pg_sleep(0.6); COMMIT", "flyteops");
      let over = false;
      void held.finally(() => (over = true));
      let refused: unknown;
      // It has the lock when its program has started, whenever that is.
      while (refused === undefined && !over) refused = await records.runs({ limit: 1 }).then(() => undefined, (thrown: unknown) => thrown); // prettier-ignore
      assert.match(String(refused), /statement timeout/);
      await held;
      await records.close();
    });
  });

  describe("an external PostgreSQL that wants TLS", function () {
    this.timeout(30_000);
    let byAddress: SystemPostgres;
    let certificates: Certificates;
    before(async () => {
      certificates = makeCertificates("IP:127.0.0.1");
      byAddress = await startSystemPostgres(programs, certificates);
    });
    after(() => byAddress.close());

    const as = (tls: RecordsTls, more: Partial<RecordsConnection> = {}): RecordsConnection => ({ ...byAddress.connection, tls, ...more });
    const root = (): { rootCertificate: string } => ({ rootCertificate: certificates.authority });

    it("is not reached without", async () => {
      await assert.rejects(reaches(as({ mode: "disable" })), /no pg_hba.conf entry.*no encryption/);
      await assert.rejects(reaches(byAddress.connection), /no encryption/);
    });

    it("is believed as sslmode says", async () => {
      await reaches(as({ mode: "require" }));
      for (const mode of ["require", "verify-ca", "verify-full"] as const) await reaches(as({ mode, ...root() }));
    });

    it("is refused when its authority is not known, or not the one that is believed", async () => {
      await assert.rejects(reaches(as({ mode: "verify-full" })), /certificate/);
      for (const mode of ["require", "verify-ca", "verify-full"] as const)
        await assert.rejects(reaches(as({ mode, rootCertificate: certificates.stranger })), /certificate/, mode);
    });

    it("may get certificates of another authority: the files are read again", async () => {
      const directory = mkdtempSync(join(tmpdir(), "flyteops-certificates-"));
      const [passwordPath, rootCertPath] = [join(directory, "password"), join(directory, "ca.crt")];
      writeFileSync(passwordPath, "first");
      writeFileSync(rootCertPath, certificates.authority);
      const postgres = { host: "127.0.0.1", port: byAddress.connection.port, passwordPath, rootCertPath };
      const { config } = parseConfig({ database: { postgres, maxIdleConnections: 0 } });
      const records = await openRecords({ connection: recordsConnectionOf(config.database), logger });
      writeFileSync(rootCertPath, certificates.stranger);
      await assert.rejects(records.runs({ limit: 1 }), /certificate/);
      rmSync(rootCertPath);
      await assert.rejects(records.runs({ limit: 1 }), /certificate/, "as it last was");
      writeFileSync(rootCertPath, certificates.authority);
      assert.deepEqual(await records.runs({ limit: 1 }), []);
      await records.close();
      assert.throws(() => recordsConnectionOf(parseConfig({ database: { postgres: { ...postgres, rootCertPath: "/no/such" } } }).config.database), {
        message: /database.postgres.rootCertPath: \/no\/such cannot be read/,
      });
      rmSync(directory, { recursive: true, force: true });
    });

    it("is refused under another name, by verify-full alone", async () => {
      await reaches(as({ mode: "verify-ca", ...root() }, { host: "localhost" }));
      await assert.rejects(reaches(as({ mode: "verify-full", ...root() }, { host: "localhost" })), /Hostname\/IP does not match/);
    });

    it("knows us by our certificate where it asks for one", async () => {
      await byAddress.sql("GRANT CREATE ON DATABASE flyteops TO certified");
      await byAddress.sql("GRANT flyteops TO certified");
      const { client: certificate, clientKey: key } = certificates;
      const certified = { user: "certified", password: "" };
      await reaches(as({ mode: "verify-full", ...root(), certificate, key }, certified));
      await assert.rejects(reaches(as({ mode: "verify-full", ...root() }, certified)), /client certificate/);
    });
  });
}
