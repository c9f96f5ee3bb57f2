import { copyJson } from "../../../base/index.ts";
import type { KubeObject } from "../../../kube/index.ts";
import { trackUpdate } from "../objects/index.ts";
import type { Core } from "../core.ts";
import { toStored } from "../kinds/served-kind.ts";
import { alreadyExists, unexplained } from "../status.ts";
import { objectKey } from "../storage/entry.ts";
import { type WriteOptions, writeOptions } from "../wire/options.ts";
import { type Call, subjectOf } from "../wire/target.ts";
import { admitCreate } from "./admit.ts";
import { bodyObject } from "./body.ts";
import { generatedName, uuid } from "./identity.ts";
import { refuseInvalid, settleDefaults, timestamp, writeOf } from "./settle.ts";
import { strategyOf } from "./strategy.ts";

/** How often a generated name may be taken before the create fails. */
const NAME_TRIES = 8;

function giveIdentity(core: Core, object: KubeObject): void {
  const { metadata } = object;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  metadata.uid = uuid(core.random);
  metadata.creationTimestamp = timestamp(core);
  if (!metadata.name && metadata.generateName) metadata.name = generatedName(metadata.generateName, core.random);
}

/** The object as it shall be stored: identity, defaults, strategy of its kind, rules. `object` is the caller's to give away. */
function prepared(core: Core, call: Call, object: KubeObject): KubeObject {
  const { kind } = call.target;
  settleDefaults(kind, object);
  core.admission.create(call, object);
  delete object.metadata.generation;
  if (kind.counted) object.metadata.generation = 1;
  strategyOf(kind).create(core, kind, object);
  giveIdentity(core, object);
  admitCreate(core, call.target, object);
  refuseInvalid(call.target, object, undefined);
  return object;
}

async function insert(core: Core, call: Call, object: KubeObject, dryRun: boolean): Promise<KubeObject> {
  const { kind, namespace } = call.target;
  const name = object.metadata.name ?? "";
  const key = objectKey(kind.collection, kind.namespaced ? namespace : "", name);
  const release = core.admission.hold(call, object);
  try {
    if (core.store.head(key)) throw alreadyExists(subjectOf(call.target), name);
    if (dryRun) return object;
    const written = core.store.put(undefined, { key, collection: kind.collection, namespace, name, object: toStored(kind, object) });
    if (written === false) throw alreadyExists(subjectOf(call.target), name);
    return (await written).object;
  } finally {
    release();
  }
}

/** Stores an object that a POST, or a server-side apply to nothing, carries. Resolves with the stored form. */
export async function createObject(core: Core, call: Call, object: KubeObject, options: Pick<WriteOptions, "dryRun">): Promise<KubeObject> {
  if (object.metadata.resourceVersion) throw unexplained(500, "resourceVersion should not be set on objects to be created");
  delete object.metadata.resourceVersion;
  const generated = !object.metadata.name && object.metadata.generateName;
  if (!generated) return insert(core, call, prepared(core, call, object), options.dryRun);
  for (let tries = 1; ; tries++) {
    const candidate = prepared(core, call, copyJson(object));
    const key = objectKey(call.target.kind.collection, call.target.namespace, candidate.metadata.name ?? "");
    if (!core.store.head(key)) return insert(core, call, candidate, options.dryRun);
    if (tries === NAME_TRIES) throw alreadyExists(subjectOf(call.target), candidate.metadata.name ?? "");
  }
}

/** POST to a collection. Resolves with the stored form. */
export async function create(core: Core, call: Call): Promise<KubeObject> {
  const options = writeOptions(call.query, "CreateOptions");
  const object = await bodyObject(call, options.fieldValidation);
  settleDefaults(call.target.kind, object);
  const tracked = trackUpdate(undefined, object, writeOf(core, call, options.fieldManager));
  return createObject(core, call, tracked, options);
}
