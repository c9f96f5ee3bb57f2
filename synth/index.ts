export { type ProjectInput, projectManifests, type Subject, syncAccountOf } from "./project.ts";
export { QUOTA_OBJECT_NAME, type QuotaInput, quotaManifests } from "./quota.ts";
export type { Manifest } from "./render.ts";
export {
  ACCOUNT,
  BOUND_ROLES,
  platformRules,
  PROJECT_ACCESS,
  PROJECT_ROLES,
  type ProjectRole,
  projectRoleRules,
  STORAGE_SECRET_ROLE,
  SYSTEM_NAMESPACE,
} from "./tenancy.ts";
export {
  accountsOf,
  controllersOf,
  defaultValues,
  type Flavour,
  FLAVOURS,
  installation,
  kindManifests,
  mergeValues,
  NAME,
  type Needs,
  parseValues,
  PORT,
  STORAGE_SECRET_NAME,
  tenancyManifests,
  type Values,
  valuesShape,
  type ValuesProblem,
} from "./installation/index.ts";
