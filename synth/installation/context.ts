import type { Flavour, Values } from "./values.ts";

/** What every part of an installation is made from. */
export interface Context {
  readonly flavour: Flavour;
  readonly values: Values;
  /** Version of flyteops: label of every object, tag of the image. */
  readonly version: string;
}

/** The image of every program, as a pod names it. */
export function imageOf({ values: { image }, version }: Context): string {
  if (image.digest !== "") return `${image.repository}@${image.digest}`;
  return `${image.repository}:${image.tag === "" ? version : image.tag}`;
}

export const isEmbedded = ({ values }: Context): boolean => values.config.database?.embedded === true;
