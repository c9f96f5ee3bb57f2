import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Clock, type JsonObject, parseJson, seededRandom, silentLogger } from "../base/index.ts";
import { type BlobStore, memoryStore, openBlobStore, openRemoteData, type OpenRemoteData } from "../blobs/index.ts";
import { fromBinary, type Literal, type LiteralMap, LiteralMapSchema, toBinary, TypedInterfaceSchema } from "../proto/index.ts";
import {
  encodeLiteralMap,
  isParameterProblems,
  isProblems,
  literalOf,
  literalToJson,
  loadLiteral,
  type Parameter,
  parseParameters,
  typedInterface,
} from "../values/index.ts";
import { copilotMain } from "./main.ts";

/** Time that never passes by itself: short pauses end at once, deadlines only when told. For tests. */
export function testClock(): Clock & { readonly expire: () => void } {
  const deadlines = new Set<() => void>();
  return {
    now: () => 0,
    after(delayMs, fire) {
      if (delayMs >= 15_000) {
        deadlines.add(fire);
        return () => deadlines.delete(fire);
      }
      const handle = setImmediate(fire);
      return () => clearImmediate(handle);
    },
    expire: () => deadlines.forEach((fire) => fire()),
  };
}

export function parametersOf(authored: JsonObject): Parameter[] {
  const parameters = parseParameters(authored);
  if (isParameterProblems(parameters)) throw new Error(parameters[0]?.message);
  return parameters as Parameter[];
}

/** A pod as the copilot sees it: two directories, a code directory and a store, all real, below one temporary directory. */
export class Pod {
  readonly root: string;
  readonly store: BlobStore;
  readonly complaints: string[] = [];
  readonly clock = testClock();
  readonly stop = new AbortController();
  openStore: (uri: string) => BlobStore;
  openRemote: OpenRemoteData = openRemoteData;

  private constructor(root: string, store: BlobStore) {
    this.root = root;
    this.store = store;
    this.openStore = () => store;
  }

  static async make(options: { readonly memory?: boolean; readonly store?: BlobStore } = {}): Promise<Pod> {
    const root = await realpath(await mkdtemp(join(tmpdir(), "flyteops-copilot-")));
    const pod = new Pod(root, options.store ?? (options.memory ? memoryStore() : openBlobStore(pathToFileURL(join(root, "store")).href)));
    await mkdir(pod.outputs);
    return pod;
  }

  get inputs(): string {
    return join(this.root, "in");
  }

  get outputs(): string {
    return join(this.root, "out");
  }

  get prefix(): string {
    return this.store.uri("runs/r/a/0");
  }

  async close(): Promise<void> {
    await chmod(this.root, 0o700);
    await rm(this.root, { recursive: true, force: true });
  }

  private run(argv: readonly string[]): Promise<number> {
    return copilotMain(argv, {
      clock: this.clock,
      random: seededRandom(1),
      logger: silentLogger,
      openStore: this.openStore,
      openRemote: this.openRemote,
      stop: this.stop.signal,
      complain: (line) => this.complaints.push(line),
    });
  }

  /** Stores the inputs and lays them out. */
  async download(inputs: JsonObject, literals: { readonly [name: string]: Literal }, ...more: string[]): Promise<number> {
    await this.store.write("runs/r/a/inputs.pb", encodeLiteralMap(literals));
    const face = Buffer.from(toBinary(TypedInterfaceSchema, typedInterface(parametersOf(inputs), []))).toString("base64");
    const fixed = [
      "--storage",
      this.store.root,
      "--prefix",
      this.prefix,
      "--inputs",
      this.store.uri("runs/r/a/inputs.pb"),
      "--interface",
      face,
      "--to",
      this.inputs,
    ];
    return this.run(["download", ...fixed, ...more]);
  }

  /** Ends the task and stores its outputs. */
  async sidecar(outputs: JsonObject, ...more: string[]): Promise<number> {
    this.stop.abort();
    return this.startSidecar(outputs, ...more);
  }

  startSidecar(outputs: JsonObject, ...more: string[]): Promise<number> {
    const face = Buffer.from(toBinary(TypedInterfaceSchema, typedInterface([], parametersOf(outputs)))).toString("base64");
    return this.run([
      "sidecar",
      "--storage",
      this.store.root,
      "--prefix",
      this.prefix,
      "--raw",
      `${this.prefix}/raw`,
      "--interface",
      face,
      "--from",
      this.outputs,
      ...more,
    ]);
  }

  /** Leaves a file in the output directory. */
  async leave(path: string, data: string | Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.outputs, path)), { recursive: true });
    await writeFile(join(this.outputs, path), data);
  }

  async stored(name: string): Promise<Buffer> {
    return this.store.read(`runs/r/a/0/${name}`, 1 << 30);
  }

  async has(name: string): Promise<boolean> {
    return (await this.store.stat(`runs/r/a/0/${name}`)) !== undefined;
  }

  async result(): Promise<JsonObject & { readonly error?: JsonObject }> {
    return parseJson((await this.stored("result.json")).toString()) as JsonObject & { readonly error?: JsonObject };
  }

  async outputMap(name = "outputs.pb"): Promise<LiteralMap> {
    return fromBinary(LiteralMapSchema, await this.stored(name));
  }

  /** The committed outputs as JSON, references loaded. */
  async outputJson(outputs: JsonObject): Promise<JsonObject> {
    const map = await this.outputMap();
    const json: [string, JsonObject[string]][] = [];
    for (const { name, type } of parametersOf(outputs)) {
      const literal = await loadLiteral(map.literals[name] as Literal, (uri) => this.store.read(this.store.keyOf(uri) ?? "", 1 << 30));
      json.push([name, literalToJson(type, literal)]);
    }
    return Object.fromEntries(json);
  }
}

/** The literals of authored values. */
export function literalsOf(inputs: JsonObject, values: JsonObject): { [name: string]: Literal } {
  return Object.fromEntries(
    parametersOf(inputs)
      .filter(({ name }) => values[name] !== undefined)
      .map(({ name, type }) => {
        const literal = literalOf(type, values[name] ?? null);
        if (isProblems(literal)) throw new Error(`${name}: ${literal[0]?.message ?? ""}`);
        return [name, literal];
      }),
  );
}

/** Every file below a directory: path, permission bits in octal, content. */
export async function filesBelow(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const mode = ((await lstat(path)).mode & 0o777).toString(8);
    found[path.slice(directory.length + 1)] = entry.isDirectory() ? `${mode}/` : `${mode} ${await readFile(path, "utf8")}`;
  }
  return found;
}
