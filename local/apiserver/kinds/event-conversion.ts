import type { KubeObject } from "../../../kube/index.ts";
import type { ServedKind } from "./served-kind.ts";

/** Fields of core/v1 Event → their names in events.k8s.io/v1. The rest is called the same in both. */
const RENAMED: readonly (readonly [string, string])[] = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["reportingComponent", "reportingController"],
];

function renamed(object: KubeObject, apiVersion: string, names: ReadonlyMap<string, string>): KubeObject {
  const fields = Object.entries(object).map(([field, value]) => [names.get(field) ?? field, value]);
  return { ...(Object.fromEntries(fields) as KubeObject), apiVersion };
}

const TO_CORE = new Map(RENAMED.map(([core, grouped]) => [grouped, core]));
const FROM_CORE = new Map(RENAMED);

/** events.k8s.io/v1 is another view of the core events. */
export const eventConversion: NonNullable<ServedKind["conversion"]> = {
  toStored: (object) => renamed(object, "v1", TO_CORE),
  fromStored: (object) => renamed(object, "events.k8s.io/v1", FROM_CORE),
};
