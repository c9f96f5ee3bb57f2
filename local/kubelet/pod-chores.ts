import type { Clock } from "../../base/index.ts";
import type { Pod } from "./pod-shapes.ts";
import { overfull, type PodVolumes, refreshVolumes, type PrepareDeps } from "./prepare-pod.ts";

/** What is looked after from time to time while a pod runs. */
export interface PodChores {
  /** When the next look is due; undefined when this pod has nothing to look after. */
  due(volumes: PodVolumes): number | undefined;
  /** Brings ConfigMaps and Secrets up to date and looks at disk limits. Returns why the pod must go, if it must. */
  run(pod: Pod, volumes: PodVolumes): Promise<string | undefined>;
}

const PERIOD_MS = 5_000;

export function podChores({ clock, ...deps }: PrepareDeps & { readonly clock: Clock }): PodChores {
  let next = clock.now() + PERIOD_MS;
  return {
    due: (volumes) => ([...volumes.values()].some(({ limitBytes, readOnly }) => limitBytes !== undefined || readOnly) ? next : undefined),
    async run(pod, volumes) {
      if (clock.now() < next) return undefined;
      next = clock.now() + PERIOD_MS;
      await refreshVolumes(pod, volumes, deps);
      return overfull(pod, volumes);
    },
  };
}
