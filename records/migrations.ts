/** Every change of the tables, in order; the numbers of those applied are kept in the database. Append only. */
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
  // Actions in rows of their own: a run may have ten thousand, and one value of that size is read and written whole.
  `CREATE TABLE flyteops.actions (
     run_uid text NOT NULL REFERENCES flyteops.runs (uid) ON DELETE CASCADE,
     name text NOT NULL,
     action json NOT NULL,
     PRIMARY KEY (run_uid, name)
   );
   ALTER TABLE flyteops.runs
     ALTER COLUMN actions SET DEFAULT '[]',
     ADD COLUMN target text NOT NULL DEFAULT '',
     ADD COLUMN manifest text;
   CREATE INDEX runs_by_end ON flyteops.runs (ended_at DESC, uid);
   CREATE INDEX runs_by_manifest ON flyteops.runs (project, domain, name, manifest);`,
];
