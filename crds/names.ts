import { GROUP, VERSION } from "../base/index.ts";
import { type KeyRule, type Shape, string } from "../schema/index.ts";

/** Where every kind of ours lives. */
export const ours = { group: GROUP, version: VERSION } as const;

const DNS_LABEL = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
export const NODE_NAME_PATTERN = "^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$";
/** A word of a node path (`publish.ok`, `train[3]`). */
export const NODE_PATH_PATTERN = "^[a-z]([-a-z0-9]*[a-z0-9])?(\\[[0-9]+\\])?(\\.[a-z]([-a-z0-9]*[a-z0-9])?(\\[[0-9]+\\])?)*$";

/** Words that CEL keeps for itself: an input of that name could not be written in an expression. */
export const CEL_RESERVED = [
  "true",
  "false",
  "null",
  "in",
  "as",
  "break",
  "const",
  "continue",
  "else",
  "for",
  "function",
  "if",
  "import",
  "let",
  "loop",
  "package",
  "namespace",
  "return",
  "var",
  "void",
  "while",
] as const;

export const parameterNames: KeyRule = {
  pattern: "^[a-zA-Z][a-zA-Z0-9_]{0,62}$",
  expects: "the name of an input or output: a letter, then at most 62 letters, digits or _",
  reserved: CEL_RESERVED,
  distinctIgnoringCase: true,
};
export const nodeNames: KeyRule = {
  pattern: NODE_NAME_PATTERN,
  expects: "a node name: at most 30 lower-case letters, digits and hyphens, beginning with a letter",
};
export const nodePaths: KeyRule = { pattern: NODE_PATH_PATTERN, expects: "the path of a node such as train, publish.ok or train[3]" };
export const envNames: KeyRule = { pattern: "^[A-Za-z_][A-Za-z0-9_]*$", expects: "the name of an environment variable: letters, digits and _" };

/** The rule of a kind whose name must be a DNS label of at most `maxLength`; the server alone would let 253 characters and dots through. */
export function labelName(kind: string, maxLength: number) {
  return {
    cel: `size(self.metadata.name) <= ${maxLength} && !self.metadata.name.contains('.')`,
    check: ({ metadata: { name } }: { readonly metadata: { readonly name?: string } }) =>
      name === undefined || (name.length <= maxLength && !name.includes(".")),
    message: `metadata.name of a ${kind} has at most ${maxLength} characters and no dot`,
    at: ["metadata", "name"],
  };
}

/** The name of a Task, Workflow, Trigger, App, ServiceAccount, Secret… that a field refers to. */
export function nameOf(maxLength = 63): Shape<string> {
  return string({ pattern: DNS_LABEL, minLength: 1, maxLength, expects: "a name: lower-case letters, digits and hyphens" });
}

/** The name of a Secret or ServiceAccount, which may have dots. */
export function objectName(): Shape<string> {
  return string({
    pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    minLength: 1,
    maxLength: 253,
    expects: "the name of an object: lower-case letters, digits, hyphens and dots",
  });
}

export function nodeName(): Shape<string> {
  return string({ pattern: NODE_NAME_PATTERN, maxLength: 30, expects: nodeNames.expects });
}

export function digest(): Shape<string> {
  return string({ pattern: "^sha256:[0-9a-f]{64}$", maxLength: 71, expects: "a digest: sha256: and 64 hexadecimal digits" });
}

/** `main@sha1:3f2a9c…` */
export function revision(): Shape<string> {
  return string({ maxLength: 320 });
}

export function environmentVariable(): Shape<string> {
  return string({ pattern: envNames.pattern, minLength: 1, maxLength: 253, expects: envNames.expects });
}
