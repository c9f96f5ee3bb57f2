import type { LogRow, LogSnapshot, ObjectLog } from "./object-log.ts";

/** A log for tests: nothing is durable. A second server may load what a first one appended. */
export function memoryLog(): ObjectLog {
  const rows = new Map<string, LogRow & { readonly value: Uint8Array }>();
  let resourceVersion = 0;
  return {
    load: async (): Promise<LogSnapshot> => ({ resourceVersion, rows: [...rows.values()] }),
    async append(batch) {
      for (const row of batch) {
        resourceVersion = row.resourceVersion;
        if (row.value === undefined) rows.delete(row.key);
        else rows.set(row.key, { ...row, value: row.value });
      }
    },
    close: async () => {},
  };
}
