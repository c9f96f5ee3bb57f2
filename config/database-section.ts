import { boolean, duration, integer, object, string } from "../schema/index.ts";
import { path } from "./path-key.ts";

const OPTIONS = "^(sslmode=(disable|require|verify-ca|verify-full))?$";

const postgres = object({
  host: string({ minLength: 1, maxLength: 1024 }).default("localhost").doc("Name or address of the server, or the directory of its unix socket."),
  port: integer({ minimum: 1, maximum: 65535 }).default(5432).doc("Port of the server."),
  dbname: string({ minLength: 1, maxLength: 63 }).default("flyteops").doc("Name of the database. Its tables live in the schema flyteops."),
  username: string({ minLength: 1, maxLength: 63 }).default("flyteops").doc("Role to connect as."),
  passwordPath: path().optional().doc("File with the password. It is read at every new connection, so that a rotated password works at once."),
  options: string({ maxLength: 256, pattern: OPTIONS, expects: "sslmode=disable, sslmode=require, sslmode=verify-ca or sslmode=verify-full" })
    .default("sslmode=verify-full")
    .doc("How the server is known, in libpq's words."),
  rootCertPath: path().optional().doc("File with the certificates of the authorities that are believed; absent: those of the system."),
  certPath: path().optional().doc("File with our certificate, where the server asks for one."),
  keyPath: path().optional().doc("File with the key of certPath."),
}).rule({
  check: ({ certPath, keyPath }) => (certPath === undefined) === (keyPath === undefined),
  message: "certPath and keyPath go together",
  at: ["certPath"],
});

export const databaseSection = object({
  embedded: boolean().default(false).doc("Start a PostgreSQL of our own instead of connecting to one: for one replica with a volume."),
  embeddedDirectory: path().default("/var/lib/flyteops/postgres").doc("Where the embedded PostgreSQL keeps its data."),
  postgres: postgres.default({}).doc("The PostgreSQL server."),
  maxOpenConnections: integer({ minimum: 1, maximum: 1000 }).default(4).doc("Connections of one replica open at once."),
  maxIdleConnections: integer({ minimum: 0, maximum: 1000 }).default(4).doc("Connections kept open while nothing is asked."),
  connMaxLifeTime: duration().default("1h").doc("A connection is replaced after this, so that load spreads over new servers."),
  connMaxIdleTime: duration().default("30s").doc("An idle connection beyond maxIdleConnections is closed after this."),
  connectTimeout: duration().default("10s").doc("Longest wait for a connection."),
  statementTimeout: duration().default("30s").doc("Longest statement; 0s is no limit."),
}).rule({
  check: ({ maxIdleConnections, maxOpenConnections }) => maxIdleConnections <= maxOpenConnections,
  message: "maxIdleConnections must not be more than maxOpenConnections",
  at: ["maxIdleConnections"],
});
