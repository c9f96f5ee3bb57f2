import type pg from "pg";
import { stringifyJson } from "../base/index.ts";
import type { ArchivedAction, ArchivedHead, ArchivedRun, ManifestName, RunQuery } from "./archived-run.ts";

const COLUMNS = "uid, project, domain, namespace, name, phase, target, manifest, started_at, ended_at, run";
/** Actions sent in one statement: of some kilobytes each. */
const ACTIONS_AT_ONCE = 500;

interface Row extends Omit<ArchivedHead, "startedAt" | "endedAt" | "manifest"> {
  readonly manifest: string | null;
  readonly started_at: Date | null;
  readonly ended_at: Date;
}

function headOf({ started_at, ended_at, manifest, ...row }: Row): ArchivedHead {
  return { ...row, manifest: manifest ?? undefined, startedAt: started_at?.toISOString(), endedAt: ended_at.toISOString() };
}

/** In one transaction: a run is in the archive with all its actions, or not at all. */
export async function insertRun(client: pg.ClientBase, run: ArchivedRun): Promise<void> {
  const { uid, project, domain, namespace, name, phase, target, manifest, startedAt, endedAt, actions } = run;
  await client.query("BEGIN");
  const { rowCount } = await client.query(
    `INSERT INTO flyteops.runs (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (uid) DO NOTHING`,
    [uid, project, domain, namespace, name, phase, target, manifest ?? null, startedAt ?? null, endedAt, stringifyJson(run.run)],
  );
  for (let from = 0; rowCount === 1 && from < actions.length; from += ACTIONS_AT_ONCE)
    await insertActions(client, uid, actions.slice(from, from + ACTIONS_AT_ONCE));
  await client.query("COMMIT");
}

async function insertActions(client: pg.ClientBase, uid: string, actions: readonly ArchivedAction[]): Promise<void> {
  await client.query("INSERT INTO flyteops.actions (run_uid, name, action) SELECT $1, * FROM unnest($2::text[], $3::json[])", [
    uid,
    actions.map(({ name }) => name),
    actions.map(({ action }) => stringifyJson(action)),
  ]);
}

export async function selectRuns(client: pg.ClientBase, query: RunQuery): Promise<ArchivedHead[]> {
  const wanted = [
    ["namespace", query.namespace] as const,
    ["name", query.name] as const,
    ["target", query.target] as const,
    ["phase", query.phase] as const,
  ].filter(([, value]) => value !== undefined);
  const where = wanted.map(([column], index) => `${column} = $${index + 2}`).join(" AND ");
  const { rows } = await client.query<Row>(
    `SELECT ${COLUMNS} FROM flyteops.runs ${where === "" ? "" : `WHERE ${where}`} ORDER BY ended_at DESC, uid LIMIT $1`,
    [query.limit, ...wanted.map(([, value]) => value)],
  );
  return rows.map(headOf);
}

export async function selectRun(client: pg.ClientBase, uid: string): Promise<ArchivedRun | undefined> {
  const { rows } = await client.query<Row>(`SELECT ${COLUMNS} FROM flyteops.runs WHERE uid = $1`, [uid]);
  if (!rows[0]) return undefined;
  const actions = await client.query<ArchivedAction>("SELECT name, action FROM flyteops.actions WHERE run_uid = $1 ORDER BY name", [uid]);
  return { ...headOf(rows[0]), actions: actions.rows };
}

export async function selectUids(client: pg.ClientBase, manifests: readonly ManifestName[]): Promise<(string | undefined)[]> {
  const { rows } = await client.query<{ place: number; uid: string }>(
    `SELECT wanted.place::integer AS place, found.uid
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS wanted (project, domain, name, manifest, place)
     CROSS JOIN LATERAL (
       SELECT uid FROM flyteops.runs
       WHERE (project, domain, name, manifest) = (wanted.project, wanted.domain, wanted.name, wanted.manifest)
       ORDER BY ended_at DESC, uid LIMIT 1
     ) AS found`,
    (["project", "domain", "name", "manifest"] as const).map((field) => manifests.map((manifest) => manifest[field])),
  );
  const uids = new Map(rows.map(({ place, uid }) => [place, uid]));
  return manifests.map((_, index) => uids.get(index + 1));
}
