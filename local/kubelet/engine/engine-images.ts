import type { ImageStore, StoredImage } from "../container-runtime.ts";
import { ImageProblem } from "../runtime-errors.ts";
import { askEngine, complaint, type ContainerEngine } from "./container-engine.ts";

/** The engine's store of images. It pulls by its own rules: registries, mirrors and logins are those of its program. */
export function engineImages(engine: ContainerEngine): ImageStore {
  const pulling = new Map<string, Promise<StoredImage>>();

  async function find(image: string): Promise<StoredImage | undefined> {
    for (const name of new Set([image, qualifiedImage(image)])) {
      const answer = await askEngine(engine, ["image", "inspect", name]);
      if (answer.exitCode === 0) return storedImage(answer.stdout);
      if (/invalid reference|invalid image name|repository name must be lowercase/i.test(answer.stderr)) throw invalidName(image, complaint(answer));
    }
    return undefined;
  }

  async function fetch(image: string): Promise<StoredImage> {
    const name = engine.name === "podman" ? qualifiedImage(image) : image;
    const answer = await askEngine(engine, ["pull", "--quiet", name], { timeoutMs: 0 });
    if (answer.exitCode !== 0) {
      if (/invalid reference/i.test(answer.stderr)) throw invalidName(image, complaint(answer));
      throw new ImageProblem("ErrImagePull", complaint(answer));
    }
    const found = await find(name);
    if (!found) throw new ImageProblem("ErrImagePull", `${engine.program} pulled ${name} and does not find it`);
    return found;
  }

  return {
    find,
    pull(image) {
      const present = pulling.get(image) ?? fetch(image).finally(() => pulling.delete(image));
      pulling.set(image, present);
      return present;
    },
  };
}

const invalidName = (image: string, said: string): ImageProblem =>
  new ImageProblem("InvalidImageName", `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${said}`);

/** The full name as Kubernetes reads a short one: `node:22` is of Docker Hub. */
export function qualifiedImage(image: string): string {
  const [first = "", ...rest] = image.split("/");
  if (rest.length === 0) return `docker.io/library/${image}`;
  return first.includes(".") || first.includes(":") || first === "localhost" ? image : `docker.io/${image}`;
}

interface InspectedImage {
  readonly Id?: string;
  readonly RepoDigests?: readonly string[] | null;
  readonly Config?: { readonly User?: string } | null;
}

/** `reference` is the id as this engine writes it: what it accepts in place of a name differs. */
function storedImage(text: string): StoredImage {
  const [{ Id = "", RepoDigests, Config } = {}] = JSON.parse(text) as InspectedImage[];
  const id = Id.startsWith("sha256:") ? Id : `sha256:${Id}`;
  return { reference: Id, id: RepoDigests?.[0] ?? id, user: Config?.User ?? "" };
}
