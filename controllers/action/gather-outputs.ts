import { TerminalFailure } from "../../base/index.ts";
import { mapOutputsKey } from "../../blobs/index.ts";
import { fromBinary, LiteralMapSchema, toBinary } from "../../proto/index.ts";
import { gatherMap, isParameterProblems, mapKeys, parametersOf } from "../../values/index.ts";
import { inputsKey, outputsKey, slotOf } from "./action-data.ts";
import type { ActionDeps } from "./deps.ts";
import type { Work } from "./launch.ts";
import { loadInputs } from "./load-inputs.ts";
import type { Item } from "./map-items.ts";

const OUTPUTS_MAX_BYTES = 64 * 1024 * 1024;

/** Keys of the items when the map runs over a map; undefined over lists. */
async function itemKeys(deps: ActionDeps, work: Work, over: readonly string[]): Promise<string[] | undefined> {
  const [first] = over;
  if (first === undefined) return undefined;
  const literal = (await loadInputs(deps.blobs, inputsKey(work.action, deps.blobs), [first]))[first];
  return literal?.value.case === "map" ? mapKeys(literal.value.value.literals) : undefined;
}

/** Combines what the items stored into the map's own outputs. Answers their address. Repeating it writes the same again. */
export async function gatherOutputs(deps: ActionDeps, work: Work, items: readonly Item[]): Promise<string> {
  const { blobs } = deps;
  const { map } = work.action.spec;
  const outputs = parametersOf(work.recipe.interface.outputs);
  if (isParameterProblems(outputs)) throw new TerminalFailure("InvalidSpec", outputs.map(({ message }) => message).join("; "));
  const slot = slotOf(work.action, blobs);
  const target = mapOutputsKey(slot.base, slot.actionName);
  const keys = await itemKeys(deps, work, map?.over ?? []);
  const partial = map?.minSuccessRatio !== undefined && map.minSuccessRatio < 1;
  const combined = await gatherMap({
    count: items.length,
    outputs,
    succeeded: (item) => items[item]?.phase === "s",
    ...(partial ? { failed: map.failed } : {}),
    ...(keys ? { keys } : {}),
    async read(item) {
      const key = outputsKey(slotOf(work.action, blobs, item), items[item]?.attempt ?? 0);
      return fromBinary(LiteralMapSchema, await blobs.read(key, OUTPUTS_MAX_BYTES));
    },
    async store(output, bytes) {
      const key = target.replace(/outputs\.pb$/, `${output}.pb`);
      await blobs.write(key, bytes);
      return blobs.uri(key);
    },
  });
  await blobs.write(target, toBinary(LiteralMapSchema, combined));
  return blobs.uri(target);
}
