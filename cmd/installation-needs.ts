import type { Needs } from "../synth/index.ts";
import { needs as action } from "../controllers/action/needs.ts";
import { needs as app } from "../controllers/app/needs.ts";
import { needs as archive } from "../controllers/archive/needs.ts";
import { needs as definition } from "../controllers/definition/needs.ts";
import { needs as project, storageSecretNeeds as storageSecret } from "../controllers/project/needs.ts";
import { needs as quota } from "../controllers/quota/needs.ts";
import { needs as run } from "../controllers/run/needs.ts";
import { needs as sync } from "../controllers/sync/needs.ts";
import { needs as trigger } from "../controllers/trigger/needs.ts";
import { needs as api } from "./api/needs.ts";

/** What every program asks besides its controllers: the Leases that say who works. */
const program: Needs[string] = [
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "list", "create", "update", "delete"], in: "system" },
];

/** What an installation asks of its cluster, by controller, and what the API asks. */
export const installationNeeds: Needs = { program, sync, project, quota, definition, run, action, trigger, app, archive, api, storageSecret };
