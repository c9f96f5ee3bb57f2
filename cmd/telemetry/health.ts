import type { Page } from "./plain-server.ts";

/** One thing that is looked at: undefined is well, a sentence says what is not. */
export type Check = () => string | undefined | Promise<string | undefined>;

/** Runs all checks; 200 when all are well, else 503. Every line is one check. */
export async function healthPage(checks: Readonly<Record<string, Check>>): Promise<Page> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const trouble = await Promise.resolve()
        .then(check)
        .catch((thrown: unknown) => String(thrown));
      return { name, trouble };
    }),
  );
  const lines = results.map(({ name, trouble }) => (trouble === undefined ? `[+] ${name} ok` : `[-] ${name}: ${trouble}`));
  return { status: results.every(({ trouble }) => trouble === undefined) ? 200 : 503, text: `${lines.join("\n")}\n` };
}

/** A check whose answer is kept for a while: probes come often, and what they ask of others should not. */
export function remembered(check: Check, keepMs: number, now: () => number): Check {
  let answer: Promise<string | undefined> | undefined;
  let askedAt = -Infinity;
  return () => {
    if (answer === undefined || now() - askedAt > keepMs) {
      askedAt = now();
      answer = Promise.resolve().then(check);
      answer.catch(() => undefined);
    }
    return answer;
  };
}
