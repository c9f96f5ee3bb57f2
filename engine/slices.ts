/** Most items of one action: their states are packed into one object. */
export const SLICE_SIZE = 8_192;

export function sliceCount(length: number): number {
  return Math.ceil(length / SLICE_SIZE);
}

/** The first slice is called as the node; the others so that no node can be called the same. */
export function sliceAction(action: string, slice: number): string {
  return slice === 0 ? action : `${action}[${slice * SLICE_SIZE}:]`;
}

export function slicesOf(action: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, slice) => sliceAction(action, slice));
}
