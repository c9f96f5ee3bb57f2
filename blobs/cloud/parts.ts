const MIB = 1024 * 1024;

/**
 * Pieces grow with the object, so that 10,000 of them (what stores allow) reach 392 GiB, while most uploads hold little memory. Up
 * to 8 GiB all are of one size, which some S3-compatible stores demand.
 */
export function partBytes(number: number): number {
  if (number < 1_000) return 8 * MIB;
  return number < 5_000 ? 16 * MIB : 64 * MIB;
}

export const MAX_PARTS = 10_000;
export const PARALLEL_PARTS = 4;
