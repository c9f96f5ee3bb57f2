export { actionReconciler } from "./action-reconciler.ts";
export { actionControllers } from "./action-controllers.ts";
export type { ActionConfig, ActionDeps } from "./deps.ts";
