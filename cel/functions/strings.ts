import type { Environment } from "@marcbachmann/cel-js";

function index(at: bigint, length: number): number {
  if (at < 0n || at > BigInt(length)) throw new Error(`index ${at} is out of range 0..${length}`);
  return Number(at);
}

function replace(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return text.replaceAll(from, () => to);
  let left = limit;
  return text.replaceAll(from, (found) => (left-- > 0n ? to : found));
}

/** CEL indexes text by code point. */
const points = (text: string): string[] => [...text];

/** The strings extension as Kubernetes has it, as far as the library lacks it. */
export function registerStrings(environment: Environment): void {
  environment
    .registerFunction("string.charAt(int): string", (text: string, at: bigint) => points(text)[index(at, points(text).length)] ?? "")
    .registerFunction("string.replace(string, string): string", (text: string, from: string, to: string) => replace(text, from, to, -1n))
    .registerFunction("string.replace(string, string, int): string", replace)
    .registerFunction("string.reverse(): string", (text: string) => points(text).reverse().join(""))
    .registerFunction("string.find(string): string", (text: string, pattern: string) => new RegExp(pattern, "u").exec(text)?.[0] ?? "")
    .registerFunction("string.findAll(string): list<string>", (text: string, pattern: string) => text.match(new RegExp(pattern, "gu")) ?? []);
}
