const PATTERN = /^([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]+)?$/;
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] as const;
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"] as const;
const NANO = 1_000_000_000n;

/** A resource quantity in billionths, rounded up as the real server rounds, and how it was written. */
export interface Quantity {
  readonly nanos: bigint;
  readonly form: "binary" | "decimal" | "exponent";
}

function scaled(digits: string, numerator: bigint, denominator: bigint): bigint {
  const [whole = "", fraction = ""] = digits.split(".");
  const value = BigInt(`${whole}${fraction}` || "0") * numerator;
  const divisor = denominator * 10n ** BigInt(fraction.length);
  return (value + divisor - 1n) / divisor;
}

/** A quantity as read; undefined when it is none. */
export function quantityOf(value: unknown): Quantity | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? parse(String(value).trim()) : undefined;
}

function parse(text: string): Quantity | undefined {
  const parts = PATTERN.exec(text);
  if (!parts) return undefined;
  const [, sign, digits = "", suffix = ""] = parts;
  const exponent = /^[eE]([+-]?[0-9]+)$/.exec(suffix);
  const binary = BINARY.indexOf(suffix as (typeof BINARY)[number]);
  let nanos: bigint;
  if (exponent) {
    const power = Number(exponent[1]);
    if (Math.abs(power) > 30) return undefined;
    nanos = power >= 0 ? scaled(digits, NANO * 10n ** BigInt(power), 1n) : scaled(digits, NANO, 10n ** BigInt(-power));
  } else if (binary > 0) nanos = scaled(digits, NANO * 1024n ** BigInt(binary), 1n);
  else nanos = scaled(digits, 1000n ** BigInt(DECIMAL.indexOf(suffix as (typeof DECIMAL)[number])), 1n);
  return { nanos: sign === "-" ? -nanos : nanos, form: exponent ? "exponent" : binary > 0 ? "binary" : "decimal" };
}

/** The largest unit that leaves a whole number. */
function withUnit(value: bigint, base: bigint, units: readonly string[]): string {
  let [count, unit] = [value, 0];
  while (unit < units.length - 1 && count !== 0n && count % base === 0n) [count, unit] = [count / base, unit + 1];
  return `${count}${units[unit] ?? ""}`;
}

function exponentText(nanos: bigint): string {
  let [count, power] = [nanos, -9];
  while (count !== 0n && count % 1000n === 0n) [count, power] = [count / 1000n, power + 3];
  return power === 0 ? String(count) : `${count}e${power}`;
}

/** Billionths of a quantity, for comparing; undefined when it is none. */
export function quantityNanos(value: unknown): bigint | undefined {
  return parse(String(value).trim())?.nanos;
}

/** The one spelling of a quantity in its own form: `0.5` → `500m`, `1024Mi` → `1Gi`. */
export function quantityText({ nanos, form }: Quantity): string {
  if (nanos === 0n) return "0";
  if (form === "exponent") return exponentText(nanos);
  const magnitude = nanos < 0n ? -nanos : nanos;
  if (form === "binary" && nanos % NANO === 0n && magnitude >= 1024n * NANO) return withUnit(nanos / NANO, 1024n, BINARY);
  return withUnit(nanos, 1000n, DECIMAL);
}

/** The spelling that the server answers with; undefined when the value is no quantity. */
export function canonicalQuantity(value: unknown): string | undefined {
  const quantity = quantityOf(value);
  return quantity && quantityText(quantity);
}
