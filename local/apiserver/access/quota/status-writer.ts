import { jsonEqual, messageOf } from "../../../../base/index.ts";
import type { Core } from "../../core.ts";
import { amountsObject } from "./amounts.ts";
import type { Account, Ledger } from "./ledger.ts";

export interface QuotaStatusWriter {
  /** Resolves when nothing is being written any longer. */
  stop(): Promise<void>;
}

/** Writes into the status of quotas what the ledger says. Changes that come while one is written are written together. */
export function quotaStatusWriter(core: Core, ledger: Ledger): QuotaStatusWriter {
  const due = new Set<Account>();
  let working: Promise<void> | undefined;
  let stopped = false;

  async function write({ key, namespace, name, hard, used }: Account): Promise<void> {
    const status = { hard: amountsObject(hard), used: amountsObject(used) };
    for (;;) {
      const entry = core.store.head(key);
      if (!entry || jsonEqual(entry.object["status"] ?? {}, status)) return;
      // Of a quota that was replaced meanwhile, the ledger will speak again.
      const written = core.store.put(entry, { key, collection: entry.collection, namespace, name, object: { ...entry.object, status } });
      if (written !== false) return void (await written);
    }
  }

  async function work(): Promise<void> {
    await Promise.resolve();
    while (due.size > 0 && !stopped) {
      const accounts = [...due];
      due.clear();
      await Promise.all(accounts.map(write)).catch((thrown: unknown) => core.logger.error("status of a quota not written", { error: messageOf(thrown) }));
    }
    working = undefined;
  }

  ledger.onChange((account) => {
    due.add(account);
    if (!stopped) working ??= work();
  });
  return {
    async stop() {
      stopped = true;
      await working;
    },
  };
}
