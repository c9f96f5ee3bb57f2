import { shortHash } from "./digest.ts";

/** Longest name of a Run (a DNS label). */
export const RUN_NAME_MAX = 30;
/** Longest action name. */
export const ACTION_NAME_MAX = 30;

/**
 * The action name of a node path: the node's own name at the top level; for a nested path (`publish.ok`) its first 17
 * characters with dots as hyphens, a hyphen, and 12 characters of hash over run uid and path. At most 30 characters.
 */
export function actionName(runUid: string, nodePath: string): string {
  if (!nodePath.includes(".") && !nodePath.includes("[") && nodePath.length <= ACTION_NAME_MAX) return nodePath;
  const readable = nodePath
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 17)
    .replace(/^-+|-+$/g, "");
  return `${readable}-${shortHash(`${runUid}/${nodePath}`)}`;
}

/** `<run>-<actionName>`. */
export function taskActionName(run: string, action: string): string {
  return `${run}-${action}`;
}

/** The pod of one attempt (0-based), and of one item where the action is a map. */
export function podName(taskAction: string, attempt: number, item?: number): string {
  return item === undefined ? `${taskAction}-${attempt}` : `${taskAction}-${item}-${attempt}`;
}
