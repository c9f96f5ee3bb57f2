import type { Environment } from "@marcbachmann/cel-js";

type Ordered = bigint | number | string | Date;

/** A list may be an array or, for sets of the caller, a Set. */
const items = <T>(list: Iterable<T>): T[] => (Array.isArray(list) ? (list as T[]) : [...list]);

function chunk<T>(list: Iterable<T>, size: bigint): T[][] {
  if (size < 1n) throw new Error(`chunk size ${size} is not positive`);
  const all = items(list);
  const step = Number(size);
  return Array.from({ length: Math.ceil(all.length / step) }, (_, at) => all.slice(at * step, (at + 1) * step));
}

const RANGE_MAX = 1_000_000n;

function range(count: bigint): bigint[] {
  if (count < 0n || count > RANGE_MAX) throw new Error(`range(${count}): expected 0 to ${RANGE_MAX}`);
  return Array.from({ length: Number(count) }, (_, at) => BigInt(at));
}

function extreme(list: Iterable<Ordered>, better: (left: Ordered, right: Ordered) => boolean, name: string): Ordered {
  const all = items(list);
  if (all.length === 0) throw new Error(`${name}() of an empty list`);
  return all.reduce((best, item) => (better(item, best) ? item : best));
}

const INT64_MAX = 2n ** 63n - 1n;

function sum(list: Iterable<bigint | number>): bigint | number {
  const all = items(list);
  if (all.some((item) => typeof item === "number")) return all.reduce<number>((total, item) => total + Number(item), 0);
  const total = all.reduce<bigint>((subtotal, item) => subtotal + (item as bigint), 0n);
  if (total > INT64_MAX || total < -INT64_MAX - 1n) throw new Error(`integer overflow: ${total}`);
  return total;
}

const isSorted = (list: Iterable<Ordered>): boolean => items(list).every((item, at, all) => at === 0 || all[at - 1]! <= item);

/** Lists: flatten, chunk and range of ours; sum, min, max, isSorted, indexOf as Kubernetes has them. */
export function registerLists(environment: Environment): void {
  environment
    .registerFunction("list<list<A>>.flatten(): list<A>", (list: Iterable<Iterable<unknown>>) => items(list).flatMap((inner) => items(inner)))
    .registerFunction("list<A>.chunk(int): list<list<A>>", chunk)
    .registerFunction("range(int): list<int>", range)
    .registerFunction("list<A>.sum(): A", sum)
    .registerFunction("list<A>.min(): A", (list: Iterable<Ordered>) => extreme(list, (left, right) => left < right, "min"))
    .registerFunction("list<A>.max(): A", (list: Iterable<Ordered>) => extreme(list, (left, right) => left > right, "max"))
    .registerFunction("list<A>.isSorted(): bool", isSorted)
    .registerFunction("list<A>.indexOf(A): int", (list: Iterable<unknown>, item: unknown) => BigInt(items(list).indexOf(item)))
    .registerFunction("list<A>.lastIndexOf(A): int", (list: Iterable<unknown>, item: unknown) => BigInt(items(list).lastIndexOf(item)));
}
