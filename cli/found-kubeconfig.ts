import { lstatSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { EXIT, UserError } from "./context.ts";

const USER_FIELDS = ["token"];
const CLUSTER_FIELDS = ["server", "certificate-authority-data"];

function onlyHas(value: unknown, fields: readonly string[]): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).every((field) => fields.includes(field));
}

/** The form that `flyteops up` writes: a token for this machine. No program to run, no file to read, no other machine to talk to. */
function isOfUp(text: string): boolean {
  const file = parse(text, { maxAliasCount: 0 }) as Partial<Record<"users" | "clusters", Record<string, unknown>[]>> | null;
  const users = file?.users ?? [];
  const clusters = file?.clusters ?? [];
  return (
    users.every(({ user }) => onlyHas(user, USER_FIELDS)) &&
    clusters.every(({ cluster }) => onlyHas(cluster, CLUSTER_FIELDS) && /^https:\/\/127\.0\.0\.1:\d+$/.test(String((cluster as { server: unknown }).server)))
  );
}

/**
 * A kubeconfig that nobody named but that lies in this directory or one above it: whoever wrote a repository, or may write
 * to /tmp, can put one there, and a kubeconfig may say which program to run. So it must be our own, and
 * of the form that `flyteops up` writes. Throws UserError.
 */
export function checkFoundKubeconfig(path: string): void {
  const found = lstatSync(path);
  const me = process.getuid?.();
  const ours = found.isFile() && (me === undefined || found.uid === me);
  if (ours && safely(() => isOfUp(readFileSync(path, "utf8")))) return;
  throw new UserError(`${path} was not written by flyteops up: it is not used unless you name it`, {
    exitCode: EXIT.usage,
    hint: "look at it, then: export KUBECONFIG=…   (or start a control plane here: flyteops up)",
  });
}

function safely(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false; // not even YAML
  }
}
