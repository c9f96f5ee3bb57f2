import { canonicalJson, sha256 } from "../base/index.ts";
import type { Plan } from "./plan.ts";

/** A plan as it is stored, and the digest that names it: the same definitions, defaulted, give the same bytes everywhere. */
export function encodePlan(plan: Plan): { readonly text: string; readonly digest: string } {
  const text = canonicalJson(plan);
  return { text, digest: sha256(text) };
}
