export { namespaceOf, PROJECT_ROLES, type ProjectInput, projectManifests, type Subject, syncAccountOf } from "./project.ts";
export { QUOTA_OBJECT_NAME, type QuotaInput, quotaManifests } from "./quota.ts";
export type { Manifest } from "./render.ts";
