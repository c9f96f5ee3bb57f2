import type { Core } from "./core.ts";
import type { ServerRequest, ServerResponse } from "./request.ts";
import { methodNotAllowed, notServed } from "./status.ts";
import { objectKey } from "./storage/entry.ts";
import { podStream } from "./streams/pod-stream.ts";
import { bindPod } from "./verbs/bind.ts";
import { create } from "./verbs/create.ts";
import { deleteCollection } from "./verbs/delete-collection.ts";
import { goneStatus, remove } from "./verbs/delete.ts";
import { get, list } from "./verbs/list.ts";
import { patch } from "./verbs/patch.ts";
import { getScale, patchScale, SCALE_KIND, updateScale } from "./verbs/scale.ts";
import { podLog } from "./verbs/subresources.ts";
import { update, type Written } from "./verbs/update.ts";
import { watch } from "./verbs/watch.ts";
import { encoded, entryResponse, listResponse, objectResponse, type View } from "./wire/encode.ts";
import { negotiate } from "./wire/format.ts";
import { flag } from "./wire/options.ts";
import type { IncludeObject } from "./wire/table.ts";
import type { Call } from "./wire/target.ts";

/** A verb as RBAC names it. */
export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";

const COLLECTION_VERBS: Readonly<Record<string, Verb>> = { GET: "list", POST: "create", DELETE: "deletecollection" };
const OBJECT_VERBS: Readonly<Record<string, Verb>> = { GET: "get", PUT: "update", PATCH: "patch", DELETE: "delete" };

const STREAMS: ReadonlySet<string> = new Set(["exec", "attach", "portforward"]);

/** Verbs that make no sense for what is addressed. */
function isMisplaced(verb: Verb, { subresource, namespace, kind }: Call["target"]): boolean {
  if (kind.namespaced && namespace === "") return verb !== "list";
  return subresource === "" ? verb === "deletecollection" && kind.collection === "/namespaces" : verb === "delete";
}

/** The verb of a request. Throws 404 for a subresource that its kind has not, and 405. */
export function verbOf(request: ServerRequest, call: Call): Verb {
  const { name, subresource, kind } = call.target;
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (subresource !== "" && !kind.subresources.includes(subresource)) throw notServed();
  if (subresource === "binding") return method === "POST" ? "create" : deny();
  if (STREAMS.has(subresource)) return method === "GET" || method === "POST" ? "get" : deny();
  const verb = (name === "" ? COLLECTION_VERBS : OBJECT_VERBS)[method];
  if (!verb || isMisplaced(verb, call.target)) throw methodNotAllowed();
  return verb === "list" && flag(call.query, "watch") === true ? "watch" : verb;
}

function deny(): never {
  throw methodNotAllowed();
}

function viewOf(core: Core, call: Call, what: Parameters<typeof negotiate>[1]): View {
  const include = call.query.get("includeObject");
  const { kind } = call.target;
  return {
    kind,
    format: negotiate(call.headers["accept"], what),
    include: include === "None" || include === "Object" ? (include as IncludeObject) : "Metadata",
    now: core.clock.now(),
  };
}

async function listed(core: Core, call: Call, view: View): Promise<ServerResponse> {
  const found = list(core, call);
  const meta = {
    resourceVersion: String(found.resourceVersion),
    ...(found.continue === undefined ? {} : { continue: found.continue }),
    ...(found.remaining === undefined ? {} : { remainingItemCount: found.remaining }),
  };
  return listResponse(view, meta, found.entries);
}

async function deleted(core: Core, call: Call, view: View): Promise<ServerResponse> {
  const { gone, object } = await remove(core, call);
  if (gone && !view.kind.returnsDeleted) return encoded(200, goneStatus(call.target, object), view.format.encoding);
  return objectResponse(200, view, object);
}

/** What was just stored is encoded already, unless another write came right after it. */
function written(core: Core, view: View, { object, created }: Written): Promise<ServerResponse> {
  const { kind } = view;
  const { namespace = "", name = "" } = object.metadata;
  const entry = core.store.get(objectKey(kind.collection, kind.namespaced ? namespace : "", name));
  const status = created ? 201 : 200;
  return entry?.object === object ? entryResponse(status, view, entry) : objectResponse(status, view, object);
}

async function scaled(core: Core, call: Call, verb: Verb): Promise<ServerResponse> {
  const view = { ...viewOf(core, call, "one"), kind: SCALE_KIND };
  if (verb === "get") return objectResponse(200, view, getScale(core, call));
  return objectResponse(200, view, verb === "update" ? await updateScale(core, call) : verb === "patch" ? await patchScale(core, call) : deny());
}

async function specialSubresource(core: Core, call: Call, verb: Verb): Promise<ServerResponse | undefined> {
  const { subresource, kind } = call.target;
  if (subresource === "") return undefined;
  if (!kind.subresources.includes(subresource)) throw notServed();
  if (subresource === "scale") return scaled(core, call, verb);
  if (subresource === "log") return verb === "get" ? podLog(core, call) : deny();
  if (subresource === "exec" || subresource === "attach" || subresource === "portforward") return podStream(core, call);
  if (subresource === "finalize" && verb !== "update") throw methodNotAllowed();
  return undefined;
}

/** Answers a request about a resource. */
export async function respond(core: Core, call: Call, verb: Verb): Promise<ServerResponse> {
  const special = await specialSubresource(core, call, verb);
  if (special) return special;
  if (call.target.subresource === "binding") return encoded(201, await bindPod(core, call), "json");
  const many = verb === "list" || verb === "deletecollection";
  const view = viewOf(core, call, verb === "watch" ? "changes" : many ? "many" : "one");
  switch (verb) {
    case "get":
      return entryResponse(200, view, get(core, call));
    case "list":
      return listed(core, call, view);
    case "watch":
      return { status: 200, headers: { "content-type": "application/json" }, body: watch(core, call, view) };
    case "create":
      return written(core, view, { object: await create(core, call), created: true });
    case "update":
      return written(core, view, await update(core, call));
    case "patch":
      return written(core, view, await patch(core, call));
    case "delete":
      return deleted(core, call, view);
    case "deletecollection":
      return listResponse(view, { resourceVersion: String(core.store.resourceVersion) }, await deleteCollection(core, call));
  }
}
