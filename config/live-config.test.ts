import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Logger } from "../base/index.ts";
import { liveConfig } from "./live-config.ts";
import { loadConfig } from "./load-config.ts";

const clock: Clock = {
  now: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, Math.min(delayMs, 20));
    return () => clearTimeout(timer);
  },
};

/** Lines that were logged, and a promise of the next one. */
function listeningLogger() {
  const lines: string[] = [];
  const waiting: { word: string; found: () => void }[] = [];
  const write = (message: string, fields: object = {}) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
    for (const each of waiting) if (lines.some((line) => line.includes(each.word))) each.found();
  };
  const logger: Logger = { error: write, info: write, debug: write, with: () => logger };
  const said = (word: string) => new Promise<void>((found) => (lines.some((line) => line.includes(word)) ? found() : waiting.push({ word, found })));
  return { logger, lines, said };
}

describe("the configuration of a running program", () => {
  let directory = "";
  const stop: { now: () => Promise<void> } = { now: async () => undefined };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "flyteops-live-"));
  });
  afterEach(async () => {
    await stop.now();
    rmSync(directory, { recursive: true, force: true });
  });

  function follow(pattern: string, flags: readonly string[] = []) {
    const log = listeningLogger();
    const sources = { files: [pattern], flags };
    const live = liveConfig({ clock, logger: log.logger }, sources, loadConfig(sources));
    const end = new AbortController();
    const running = live.run(end.signal);
    stop.now = async () => {
      end.abort();
      await running;
    };
    const changes: (readonly string[])[] = [];
    const changed = new Promise<void>((resolve) => {
      live.onChange((_, keys) => {
        changes.push(keys);
        resolve();
      });
    });
    return { live, log, changes, changed };
  }

  it("takes over what may change and refuses the rest by name", async () => {
    const path = join(directory, "config.yaml");
    writeFileSync(path, "logger: {level: info}\n");
    const { live, log, changed } = follow(path);
    writeFileSync(path, "logger: {level: debug}\ncontroller: {shards: 2}\n");
    await changed;
    assert.equal(live.current.logger.level, "debug");
    assert.equal(live.current.controller.shards, 1);
    assert.ok(log.lines.some((line) => line.includes("needs a restart") && line.includes("controller.shards") && line.includes("config.yaml:2")));
  });

  it("keeps what held while the files are wrong", async () => {
    const path = join(directory, "config.yaml");
    writeFileSync(path, "logger: {level: debug}\n");
    const { live, log } = follow(path);
    writeFileSync(path, "logger: {level: loud}\n");
    await log.said("invalid and was not taken over");
    assert.equal(live.current.logger.level, "debug");
  });

  it("does not let a file change what a flag says", async () => {
    const path = join(directory, "config.yaml");
    writeFileSync(path, "logger: {level: info}\n");
    const { live, changes, changed } = follow(path, ["--logger.level", "error"]);
    writeFileSync(path, "logger: {level: debug}\nkubeClient: {maxInFlight: 7}\n");
    await changed;
    assert.equal(live.current.logger.level, "error");
    assert.deepEqual(changes, [["kubeClient.maxInFlight"]]);
  });

  it("sees Kubernetes swap the link to what a ConfigMap holds", async () => {
    const version = (name: string, text: string) => {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, "config.yaml"), text);
    };
    const point = (name: string) => {
      symlinkSync(name, join(directory, "..data_tmp"));
      renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
    };
    version("..one", "logger: {level: info}\n");
    point("..one");
    symlinkSync("..data/config.yaml", join(directory, "config.yaml"));
    const { live, changed } = follow(`${directory}/*.yaml`);
    assert.equal(live.current.logger.level, "info");
    version("..two", "logger: {level: error}\n");
    point("..two");
    await changed;
    assert.equal(live.current.logger.level, "error");
  });
});
