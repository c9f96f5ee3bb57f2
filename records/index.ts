export { type ArchivedRun, openRecords, type Records, type RecordsConnection } from "./records.ts";
