import { type Quantity, quantityOf, quantityText } from "../../objects/index.ts";

/** How much of what, by the name of the resource. */
export type Amounts = ReadonlyMap<string, Quantity>;

export const NOTHING: Amounts = new Map();
export const ONE: Quantity = { nanos: 1_000_000_000n, form: "decimal" };
export const ZERO: Quantity = { nanos: 0n, form: "decimal" };

/** What `requests`, `limits` or `hard` say. Anything that is no quantity is left out: validation has its say elsewhere. */
export function amountsOf(list: Readonly<Record<string, unknown>> | undefined): Amounts {
  if (!list) return NOTHING;
  const found = new Map<string, Quantity>();
  for (const [name, value] of Object.entries(list)) {
    const quantity = quantityOf(value);
    if (quantity) found.set(name, quantity);
  }
  return found;
}

/** A sum is spelled like its first part that is not nothing. */
function sum(left: Quantity, right: Quantity): Quantity {
  return { nanos: left.nanos + right.nanos, form: left.nanos === 0n ? right.form : left.form };
}

export function plus(left: Amounts, right: Amounts): Amounts {
  if (right.size === 0) return left;
  if (left.size === 0) return right;
  const total = new Map(left);
  for (const [name, quantity] of right) total.set(name, sum(total.get(name) ?? ZERO, quantity));
  return total;
}

export function minus(left: Amounts, right: Amounts): Amounts {
  if (right.size === 0) return left;
  const negated = new Map([...right].map(([name, { nanos, form }]) => [name, { nanos: -nanos, form }]));
  return plus(left, negated);
}

/** The larger of each. */
export function most(left: Amounts, right: Amounts): Amounts {
  const result = new Map(left);
  for (const [name, quantity] of right) {
    const known = result.get(name);
    if (!known || quantity.nanos > known.nanos) result.set(name, quantity);
  }
  return result;
}

/** Only those of these names. */
export function only(amounts: Amounts, names: { has(name: string): boolean }): Amounts {
  return new Map([...amounts].filter(([name]) => names.has(name)));
}

export const sorted = (amounts: Amounts): [string, Quantity][] => [...amounts].sort(([left], [right]) => (left < right ? -1 : 1));

/** `cpu=1,pods=2` */
export function amountsText(amounts: Amounts): string {
  return sorted(amounts)
    .map(([name, quantity]) => `${name}=${quantityText(quantity)}`)
    .join(",");
}

export function amountsObject(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(sorted(amounts).map(([name, quantity]) => [name, quantityText(quantity)]));
}
