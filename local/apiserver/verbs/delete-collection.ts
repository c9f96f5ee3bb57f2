import { isNotFound } from "../../../kube/index.ts";
import type { Core } from "../core.ts";
import type { Entry } from "../storage/entry.ts";
import type { Call } from "../wire/target.ts";
import { deleteTarget } from "./delete.ts";
import { deleteOptions } from "./delete-options.ts";
import { list } from "./list.ts";

/** DELETE of a collection: everything the selectors match. Resolves with what was there before. */
export async function deleteCollection(core: Core, call: Call): Promise<readonly Entry[]> {
  const options = await deleteOptions(call);
  const { entries } = list(core, call);
  await Promise.all(
    entries.map(async ({ namespace, name }) => {
      try {
        await deleteTarget(core, { ...call.target, namespace, name }, options);
      } catch (thrown) {
        if (!isNotFound(thrown)) throw thrown;
      }
    }),
  );
  return entries;
}
