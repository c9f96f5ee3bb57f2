/** Every change of the tables, in order; the number of those applied is kept in the database. Append only. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE flyteops.runs (
     uid text PRIMARY KEY,
     project text NOT NULL,
     domain text NOT NULL,
     namespace text NOT NULL,
     name text NOT NULL,
     phase text NOT NULL,
     started_at timestamptz,
     ended_at timestamptz NOT NULL,
     run json NOT NULL,
     actions json NOT NULL,
     archived_at timestamptz NOT NULL DEFAULT now()
   );
   CREATE INDEX runs_by_name ON flyteops.runs (namespace, name, ended_at DESC);`,
];
