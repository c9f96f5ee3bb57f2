// npm run test:cluster [api|node] [-- --up] [--keep]: a real Kubernetes, and our suites on it. See README.md beside it.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { startApiTier } from "./api-tier.ts";
import { startNodeTier } from "./node-tier.ts";
import { CannotStart } from "./programs/build.ts";
import { checkout } from "./programs/families.ts";
import { type Count, runSuite, type Suite, suitesOf } from "./suites.ts";
import { newGround, type Tier, type TierName } from "./tier.ts";

const EXIT = { failed: 1, usage: 2, couldNotStart: 3 } as const;
const say = (line: string) => console.log(line);
const loud = (line: string) => console.log(`\n!!! ${line}\n`);

interface Wish {
  readonly tiers: readonly TierName[];
  /** Only start it, and leave it running until Ctrl-C. */
  readonly up: boolean;
  /** Leave logs and data behind. */
  readonly keep: boolean;
  /** Suites whose title has this in it; all when empty. */
  readonly only: string;
  /** A suite that is left out, by its title. */
  readonly skip: string;
  /** Tests whose title matches; all when empty. */
  readonly grep: string;
}

function wishOf(args: readonly string[]): Wish {
  const [no, none] = [
    { type: "boolean", default: false },
    { type: "string", default: "" },
  ] as const;
  const options = { up: no, keep: no, only: none, skip: none, grep: none };
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const unknown = positionals.find((word) => word !== "api" && word !== "node");
  if (unknown !== undefined) throw new Error(`${unknown}: there are the tiers api and node`);
  const tiers = (["api", "node"] as const).filter((tier) => positionals.includes(tier));
  return { ...values, tiers: tiers.length === 0 ? ["api", "node"] : tiers };
}

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupted.abort());

const untilInterrupted = (): Promise<void> =>
  new Promise((resolve) => (interrupted.signal.aborted ? resolve() : interrupted.signal.addEventListener("abort", () => resolve(), { once: true })));

const NOTHING: Count = { passed: 0, failed: 0, failures: "" };
const INTERRUPTED: Count = { passed: 0, failed: 1, failures: "  interrupted" };

function together(counts: readonly Count[]): Count {
  const sum = (of: (count: Count) => number) => counts.reduce((total, count) => total + of(count), 0);
  return { passed: sum(({ passed }) => passed), failed: sum(({ failed }) => failed), failures: counts.map(({ failures }) => failures).join("") };
}

/** Runs suites at the same time: the last one is shown as it runs, the others when they have all ended. */
async function groupOn(tier: Tier, group: readonly Suite[], grep: string): Promise<Count[]> {
  const headingOf = ({ title }: Suite) => `== ${title} on the ${tier.name} tier`;
  const ended = group.map(async (suite) => {
    const shown = suite === group.at(-1);
    let said = "";
    if (shown) say(`\n${headingOf(suite)}`);
    const write = (text: string) => void (shown ? process.stdout.write(text) : (said += text));
    const running = runSuite(suite, tier, { grep, interrupted: interrupted.signal, write });
    const count = await Promise.race([running, untilInterrupted().then(() => INTERRUPTED)]);
    const failures = count.failures === "" ? "" : `\n${headingOf(suite)}\n${count.failures}\n`;
    return { ...count, failures, report: shown ? "" : `\n${headingOf(suite)}\n${said}` };
  });
  const counts = await Promise.all(ended);
  for (const { report } of counts) if (report !== "") say(report);
  return counts;
}

async function suitesOn(tier: Tier, { only, skip, grep }: Wish): Promise<Count> {
  const counts: Count[] = [];
  for (const group of suitesOf(tier.name)) {
    const wanted = group.filter(({ title }) => title.includes(only) && title !== skip);
    if (wanted.length > 0 && !interrupted.signal.aborted) counts.push(...(await groupOn(tier, wanted, grep)));
  }
  return together(counts);
}

async function use(tier: Tier, wish: Wish): Promise<Count> {
  if (!wish.up) return suitesOn(tier, wish);
  say(`\nexport KUBECONFIG=${tier.kubeconfig}`);
  for (const [name, value] of Object.entries(tier.environment)) say(`export ${name}=${value}`);
  say("Ctrl-C ends it.");
  await untilInterrupted();
  return NOTHING;
}

const starters: Readonly<Record<TierName, typeof startApiTier>> = { api: startApiTier, node: startNodeTier };

/** Brings a tier up, uses it, and takes it down whatever happens. Undefined when it could not start. */
async function withTier(name: TierName, wish: Wish): Promise<Count | undefined> {
  const ground = newGround(name);
  const started = performance.now();
  let keep = wish.keep;
  try {
    const tier = await starters[name](ground, { environment: process.env, say }).catch((cause: unknown) => {
      throw cause instanceof CannotStart ? cause : new CannotStart(cause instanceof Error ? cause.message : String(cause), { cause });
    });
    say(`the ${name} tier is up after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const count = await use(tier, wish);
    if (count.failed > 0) keep = true;
    return count;
  } catch (thrown) {
    if (!(thrown instanceof CannotStart)) throw thrown;
    loud(`NOT RUN: THE ${name.toUpperCase()} TIER OF THE CLUSTER SUITE, BECAUSE ${thrown.message}`);
    return undefined;
  } finally {
    await ground.clear(keep);
    if (keep) say(`logs are in ${ground.logs}`);
    say(`the ${name} tier took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
}

/** A cluster that the user brought: nothing is started, and the suites that need a machine of ours are left out. */
function givenTier(name: TierName, kubeconfig: string): Tier {
  return { name, kubeconfig, environment: {}, path: [], stop: async () => {} };
}

async function main(): Promise<number> {
  let wish: Wish;
  try {
    wish = wishOf(process.argv.slice(2));
  } catch (thrown) {
    console.error(`test:cluster: ${(thrown as Error).message}`);
    return EXIT.usage;
  }
  const built = spawnSync(process.execPath, ["scripts/prepare.mjs"], { cwd: checkout, stdio: "inherit" });
  if (built.status !== 0) return EXIT.failed;
  const counts: (Count | undefined)[] = [];
  const given = process.env["KUBECONFIG"];
  if (given) counts.push(await suitesOn(givenTier(wish.tiers[0] ?? "api", given), wish));
  else for (const tier of wish.tiers) if (!interrupted.signal.aborted) counts.push(await withTier(tier, wish));
  const { passed, failed, failures } = together(counts.filter((count) => count !== undefined));
  if (failures !== "") say(`\n== WHAT FAILED\n${failures}`);
  say(`\n${passed} passed, ${failed} failed`);
  if (failed > 0 || interrupted.signal.aborted) return EXIT.failed;
  return counts.includes(undefined) ? EXIT.couldNotStart : 0;
}

process.exit(await main());
