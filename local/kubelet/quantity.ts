const SUFFIX: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number a Kubernetes quantity stands for (`500m` is 0.5, `1Gi` 1073741824). The API server has validated it; what is no quantity counts as 0. */
export function quantity(value: string | number | bigint | undefined): number {
  const match = /^([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|([numkMGTPE]i?|Ki)?)$/.exec(String(value ?? "0"));
  if (!match) return 0;
  const scale = match[2] ? Number(`1${match[2]}`) : (SUFFIX[match[3] ?? ""] ?? 0);
  return Number(match[1]) * scale;
}

/** Thousandths of a CPU, rounded up. */
export const cpuMillis = (value: string | number | undefined): number => Math.max(0, Math.ceil(quantity(value) * 1000 - 1e-9));

/** Whole bytes, rounded up. */
export const byteCount = (value: string | number | undefined): number => Math.max(0, Math.ceil(quantity(value) - 1e-9));
