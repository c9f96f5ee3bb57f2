import { type Clock, messageOf } from "../../base/index.ts";
import type { ContainerRuntime, ImageStore, StoredImage } from "./container-runtime.ts";
import { ImageProblem } from "./runtime-errors.ts";
import type { Container } from "./pod-shapes.ts";
import type { Slot } from "./pod-status.ts";

export interface ImageGateDeps {
  readonly clock: Clock;
  /** Look again. */
  readonly changed: () => void;
  readonly note: (type: "Normal" | "Warning", reason: string, message: string) => void;
}

/** Holds a container back until its image is here, by its pull policy. Pulling goes on beside everything else of the pod. */
export interface ImageGate {
  /** The image for one start, or undefined when the container has to wait: its slot then says for what. */
  pass(): { readonly image: StoredImage | undefined } | undefined;
  /** When to look again, in milliseconds since the epoch. */
  readonly retryAt: number | undefined;
}

const FIRST_MS = 10_000;
const LAST_MS = 300_000;
/** How long the reason of a failed pull stands before the back-off does. */
const SHOWN_MS = 1_000;
const UNUSED = { image: undefined };

export function imageGate(slot: Slot, { images }: ContainerRuntime, deps: ImageGateDeps): ImageGate {
  if (!images) return { pass: () => UNUSED, retryAt: undefined };
  const { container } = slot;
  const { clock, note } = deps;
  const image = container.image ?? "";
  let fetched: StoredImage | undefined;
  let fetching = false;
  let failures = 0;
  let problem: ImageProblem | undefined;
  /** The next look, and whether it is a new attempt or only the change from a reason to its back-off. */
  let next: { readonly at: number; readonly attempt: boolean } | undefined;

  function fetch(): void {
    fetching = true;
    void obtainImage(container, images as ImageStore, deps)
      .then(
        (stored) => {
          fetched = stored;
          failures = 0;
        },
        (thrown: unknown) => failed(thrown instanceof ImageProblem ? thrown : new ImageProblem("ErrImagePull", messageOf(thrown))),
      )
      .finally(() => {
        fetching = false;
        deps.changed();
      });
  }

  function failed(found: ImageProblem): void {
    problem = found;
    failures += 1;
    slot.state = { waiting: { reason: found.reason, message: found.message } };
    note("Warning", "Failed", `Error: ${found.reason}`);
    const pulled = found.reason === "ErrImagePull";
    next = { at: clock.now() + (pulled ? SHOWN_MS : FIRST_MS), attempt: !pulled };
  }

  function sayBackOff(): void {
    const delay = Math.min(LAST_MS, FIRST_MS * 2 ** (failures - 1));
    next = { at: clock.now() + delay, attempt: true };
    slot.state = { waiting: { reason: "ImagePullBackOff", message: `Back-off pulling image "${image}": ${problem?.reason}: ${problem?.message}` } };
    note("Normal", "BackOff", `Back-off pulling image "${image}"`);
    note("Warning", "Failed", "Error: ImagePullBackOff");
  }

  return {
    pass() {
      if (fetched) {
        const passed = { image: fetched };
        fetched = undefined;
        return passed;
      }
      if (fetching) return undefined;
      if (next && clock.now() < next.at) return undefined;
      if (next && !next.attempt) sayBackOff();
      else {
        next = undefined;
        fetch();
      }
      return undefined;
    },
    get retryAt() {
      return fetching ? undefined : next?.at;
    },
  };
}

/** By the pull policy, with the Events of the kubelet. Rejects with ImageProblem. */
async function obtainImage(
  { image = "", imagePullPolicy = "IfNotPresent" }: Container,
  images: ImageStore,
  { note, clock }: ImageGateDeps,
): Promise<StoredImage> {
  const present = imagePullPolicy === "Always" ? undefined : await images.find(image);
  if (present) {
    note("Normal", "Pulled", `Container image "${image}" already present on machine`);
    return present;
  }
  if (imagePullPolicy === "Never") {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    note("Warning", "ErrImageNeverPull", message);
    throw new ImageProblem("ErrImageNeverPull", message);
  }
  note("Normal", "Pulling", `Pulling image "${image}"`);
  const begin = clock.now();
  try {
    const pulled = await images.pull(image);
    note("Normal", "Pulled", `Successfully pulled image "${image}" in ${clock.now() - begin}ms`);
    return pulled;
  } catch (thrown) {
    note("Warning", "Failed", `Failed to pull image "${image}": ${messageOf(thrown)}`);
    throw thrown;
  }
}
