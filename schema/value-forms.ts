import type { ValueForm } from "./node.ts";

type EditorSchema = { [keyword: string]: unknown };

const DIGEST = {
  type: "string",
  pattern: "^sha256:[0-9a-f]{64}$",
  description: "Digest of the stored content. Written by the sync.",
  errorMessage: "a digest: sha256: and 64 hexadecimal digits",
};
const REVISION = { type: "string", description: "Revision it came from. Written by the sync." };
const text = (description: string) => ({ type: "string", minLength: 1, description });

/** An object with exactly these fields, the first of which is needed. */
function only(properties: Record<string, EditorSchema>): EditorSchema {
  return { properties, additionalProperties: false };
}

const reference = (description: string) => ({ from: text(description) });

/** What an object may be that stands for a value, by its telling key. */
const FORMS: Readonly<Record<string, EditorSchema>> = {
  from: only(reference("Where the value comes from, e.g. inputs.x or nodes.split.outputs.parts.")),
  expr: only({ expr: text("CEL expression that gives the value.") }),
  firstOf: only({
    firstOf: { type: "array", minItems: 1, maxItems: 64, items: text("A reference."), description: "References in order: the first that is not absent." },
  }),
  file: only({ file: text("A file of the repository."), digest: DIGEST, revision: REVISION }),
  directory: only({ directory: text("A directory of the repository."), digest: DIGEST, revision: REVISION }),
  uri: only({
    uri: { type: "string", pattern: "^[a-z][a-z0-9+.-]*://.", description: "Remote data, not copied.", errorMessage: "a URI such as file:///data/raw/x.csv" },
  }),
  value: only({ value: { description: "The value itself: any JSON." } }),
};

const PARAMETER = only({
  from: {
    type: "string",
    pattern: "^params\\.[a-zA-Z][a-zA-Z0-9_]*$",
    description: "A parameter of the GitSync.",
    errorMessage: "params.NAME: nothing else is known here",
  },
});

/** The forms of each kind of place, in the order in which they are recognised. */
const ALLOWED: Readonly<Record<ValueForm, Readonly<Record<string, EditorSchema>>>> = {
  binding: FORMS,
  literal: { file: FORMS["file"] ?? {}, directory: FORMS["directory"] ?? {}, uri: FORMS["uri"] ?? {}, value: FORMS["value"] ?? {} },
  template: { from: PARAMETER, file: FORMS["file"] ?? {}, directory: FORMS["directory"] ?? {}, uri: FORMS["uri"] ?? {}, value: FORMS["value"] ?? {} },
};

const NAMES: Readonly<Record<ValueForm, string>> = { binding: "Binding", literal: "Literal", template: "TemplateValue" };

/** Every telling key of an object that stands for a value: `from`, `expr`, … */
export const VALUE_KEYS: readonly string[] = Object.keys(FORMS);

export function valueReference(form: ValueForm): string {
  return `#/$defs/${NAMES[form]}`;
}

function choose(forms: readonly (readonly [string, EditorSchema])[], otherwise: EditorSchema): EditorSchema {
  const [first, ...rest] = forms;
  if (!first) return otherwise;
  return { if: { required: [first[0]] }, then: first[1], else: choose(rest, otherwise) };
}

/** A scalar or a list is itself the value; an object must be one of the forms. Chosen by its key, so that a mistake in one is one error. */
export function valueDefinitions(form: ValueForm): Record<string, EditorSchema> {
  const forms = Object.entries(ALLOWED[form]);
  const keys = forms.map(([key]) => `{${key}: …}`).join(", ");
  const otherwise = { not: {}, errorMessage: `a map as a value is written {value: {…}}; the forms known here are ${keys}` };
  return { [NAMES[form]]: { if: { type: "object" }, then: choose(forms, otherwise) } };
}
