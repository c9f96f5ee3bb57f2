export { type ApiReader, apiReader, type FoundRun } from "./reader.ts";
export { apiRoutes } from "./routes.ts";
