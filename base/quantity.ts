const SCALE: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 1_000n,
  m: 1_000_000n,
  "": 1_000_000_000n,
  k: 10n ** 12n,
  M: 10n ** 15n,
  G: 10n ** 18n,
  T: 10n ** 21n,
  P: 10n ** 24n,
  E: 10n ** 27n,
  Ki: 2n ** 10n * 10n ** 9n,
  Mi: 2n ** 20n * 10n ** 9n,
  Gi: 2n ** 30n * 10n ** 9n,
  Ti: 2n ** 40n * 10n ** 9n,
  Pi: 2n ** 50n * 10n ** 9n,
  Ei: 2n ** 60n * 10n ** 9n,
};
const ONE = 10n ** 9n;
const QUANTITY = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;

/** A Kubernetes quantity in billionths, rounded up; undefined when the text is none. */
export function parseQuantity(text: string): bigint | undefined {
  const match = QUANTITY.exec(text);
  if (!match) return undefined;
  const [, sign, whole = "", fraction = "", exponent, suffix = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt(whole + fraction || "0");
  const power = Number(exponent ?? 0) - fraction.length;
  const scaled = digits * (SCALE[suffix] ?? ONE) * (power > 0 ? 10n ** BigInt(power) : 1n);
  const divisor = power < 0 ? 10n ** BigInt(-power) : 1n;
  const value = (scaled + divisor - 1n) / divisor;
  return sign === "-" ? -value : value;
}

/** Whole bytes (or units) of a quantity as the shortest exact text with a binary suffix. */
export function formatBinary(billionths: bigint): string {
  const units = (billionths + ONE - 1n) / ONE;
  for (const suffix of ["Ei", "Pi", "Ti", "Gi", "Mi", "Ki"] as const) {
    const scale = (SCALE[suffix] ?? ONE) / ONE;
    if (units >= scale && units % scale === 0n) return `${units / scale}${suffix}`;
  }
  return String(units);
}

/** A quantity times a factor, rounded up to whole mebibytes: for memory. */
export function growMemory(billionths: bigint, factor: number): bigint {
  const mebibyte = SCALE["Mi"] ?? ONE;
  const grown = (billionths * BigInt(Math.round(factor * 1_000))) / 1_000n;
  return ((grown + mebibyte - 1n) / mebibyte) * mebibyte;
}
