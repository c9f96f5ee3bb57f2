// Writes an image as the archive that `docker load`, `podman load` and `ctr images import` read. The same trees give the same bytes.
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack as newPack } from "tar-stream";
import { contentOf, sizeOf } from "./tree.mjs";

const EPOCH = new Date(0);

function put(pack, header, content) {
  return new Promise((resolve, reject) => pack.entry({ mtime: EPOCH, ...header }, content, (cause) => (cause ? reject(cause) : resolve())));
}

function headerOf(path, entry) {
  const name = path.slice(1);
  if (entry.type === "symlink") return { name, type: "symlink", linkname: entry.target, mode: 0o777 };
  const owner = { uid: entry.uid, gid: entry.uid, mode: entry.mode };
  return entry.type === "directory" ? { name: `${name}/`, type: "directory", ...owner } : { name, size: sizeOf(entry), ...owner };
}

async function fill(pack, tree) {
  for (const [path, entry] of tree.sorted()) {
    const content = entry.type === "file" || entry.type === "text" ? contentOf(entry) : undefined;
    await put(pack, headerOf(path, entry), content);
  }
  pack.finalize();
}

/** Writes a layer and answers its digest. */
async function writeLayer(tree, path) {
  const pack = newPack();
  const hash = createHash("sha256");
  const digest = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(undefined, chunk);
    },
  });
  await Promise.all([fill(pack, tree), pipeline(pack, digest, createWriteStream(path))]);
  return hash.digest("hex");
}

const ARCHITECTURES = { x64: "amd64" };

async function putFile(pack, name, path) {
  const entry = pack.entry({ name, size: statSync(path).size, mtime: EPOCH, mode: 0o644 });
  await pipeline(createReadStream(path), entry);
}

/**
 * @param out path of the archive
 * @param name `repository:tag`
 * @param trees one per layer, the lowest first
 * @param config the image's own settings: Entrypoint, Env, User …
 * @returns the digest of the configuration, which is the image's id
 */
export async function writeImage(out, name, trees, config) {
  const work = mkdtempSync(join(tmpdir(), "flyteops-image-"));
  try {
    const layers = [];
    for (const [index, tree] of trees.entries()) {
      const path = join(work, String(index));
      layers.push({ path, digest: await writeLayer(tree, path) });
    }
    const settings = {
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
      os: "linux",
      created: EPOCH.toISOString(),
      config,
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => `sha256:${digest}`) },
    };
    const text = JSON.stringify(settings);
    const id = createHash("sha256").update(text).digest("hex");
    const pack = newPack();
    const written = pipeline(pack, createWriteStream(out));
    await put(pack, { name: `${id}.json`, mode: 0o644 }, text);
    for (const { path, digest } of layers) await putFile(pack, `${digest}.tar`, path);
    await put(
      pack,
      { name: "manifest.json", mode: 0o644 },
      JSON.stringify([{ Config: `${id}.json`, RepoTags: [name], Layers: layers.map(({ digest }) => `${digest}.tar`) }]),
    );
    pack.finalize();
    await written;
    return id;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
