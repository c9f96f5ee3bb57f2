import { dirname } from "node:path";
import type { Container, Pod } from "./pod-shapes.ts";
import { type FoundProgram, programVersion } from "./program.ts";

/** What really runs in place of an image. */
export interface ImageNotUsed {
  readonly image: string;
  /** As the pod names it, e.g. `node`. */
  readonly program: string;
  /** Where it was found. */
  readonly path: string;
  readonly version: string | undefined;
  readonly pod: Pod;
  /** One sentence, the same for the Event and the terminal. */
  readonly message: string;
}

/** `docker.io/library/python:3.12` and `python:3.12` are one image. */
export const plainImage = (image: string): string => image.replace(/^docker\.io\//, "").replace(/^library\//, "");

/** Says once per pod, image and program what runs instead of an image. Programs are asked for their version once per path. */
export function imageNotes(
  tell: (note: ImageNotUsed) => void,
  isOurs: (directory: string) => boolean,
): (pod: Pod, container: Container, program: FoundProgram) => Promise<void> {
  const versions = new Map<string, Promise<string | undefined>>();
  return async (pod, container, { path, onPath }) => {
    const image = container.image ?? "";
    const [program = ""] = [...(container.command ?? []), ...(container.args ?? [])];
    if (image === "") return;
    // Only what lies on this machine's own PATH is asked, because it is asked outside the sandbox: a pod's PATH may lead to programs of the pod.
    if (onPath && isOurs(dirname(path)) && !versions.has(path)) versions.set(path, programVersion(path));
    const version = await versions.get(path);
    const message = `image ${image} is not used on this machine; '${program}' is ${path}${version === undefined ? "" : ` ${version}`}`;
    tell({ image, program, path, version, pod, message });
  };
}
