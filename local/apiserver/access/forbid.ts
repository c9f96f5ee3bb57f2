import type { ApiError } from "../../../kube/index.ts";
import type { Attributes } from "../authorize.ts";
import type { User } from "../request.ts";
import { failure } from "../status.ts";

const HARMLESS: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function wish(user: User, { verb, group, resource, subresource, namespace, path }: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (path !== "") return `${who} path ${JSON.stringify(path)}`;
  const what = subresource === "" ? resource : `${resource}/${subresource}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}

/** 403 for somebody who may not do what the attributes say. The reason, where there is one, follows the sentence. */
export function forbidden(user: User, attributes: Attributes, reason: string): ApiError {
  const { group, resource, name } = attributes;
  const sentence = wish(user, attributes).replace(/[&<>]/g, (sign) => HARMLESS[sign] ?? sign) + (reason === "" ? "" : `: ${reason}`);
  if (resource === "") return failure(403, "Forbidden", `forbidden: ${sentence}`, {});
  const subject = group === "" ? resource : `${resource}.${group}`;
  const details = { ...(name === "" ? {} : { name }), ...(group === "" ? {} : { group }), kind: resource };
  return failure(403, "Forbidden", `${subject}${name === "" ? "" : ` ${JSON.stringify(name)}`} is forbidden: ${sentence}`, details);
}
