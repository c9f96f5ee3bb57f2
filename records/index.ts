export type { ArchivedAction, ArchivedHead, ArchivedRun, ManifestName, RunArchive, RunHistory, RunQuery } from "./archived-run.ts";
export { awaitRecords } from "./await-records.ts";
export type { RecordsConnection, RecordsLimits, RecordsTls, TlsMode } from "./connection.ts";
export { archiveState, lazyRecords, openHistory, openRecords, type Records, type RecordsDeps } from "./records.ts";
