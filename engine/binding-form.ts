import type { Json, JsonObject } from "../base/index.ts";

/** The keys that make an object a source of a value, and what else each form may carry. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  from: [],
  expr: [],
  value: [],
  file: ["digest", "revision"],
  directory: ["digest", "revision"],
  uri: [],
  firstOf: [],
};

export type BindingForm = { readonly form: string; readonly value: Json; readonly object: JsonObject } | { readonly form: "literal"; readonly value: Json };

/** Which form a binding has; an object that is none of them, or several at once, is a problem. */
export function formOf(authored: Json): BindingForm | { readonly problem: string } {
  if (typeof authored !== "object" || authored === null || Array.isArray(authored)) return { form: "literal", value: authored };
  const object = authored as JsonObject;
  const keys = Object.keys(object);
  const forms = keys.filter((key) => Object.hasOwn(FORMS, key));
  const form = forms[0];
  if (form === undefined) return { problem: "write {value: {…}} for a map or struct; other forms are from, expr, file, directory and uri" };
  const stray = keys.find((key) => key !== form && !FORMS[form]!.includes(key));
  if (stray !== undefined) return { problem: `${form} and ${stray} do not go together` };
  return { form, value: object[form]!, object };
}
