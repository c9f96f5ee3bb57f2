import { integer, list, object, oneOf, type Parsed, string } from "../schema/index.ts";
import { digest, environmentVariable, objectName, revision } from "./names.ts";
import { resources } from "./policies.ts";

const envEntry = object({
  name: environmentVariable().doc("Name of the variable."),
  value: string({ maxLength: 131072 }).optional().doc("Its value. Quote what is not text: true, 1, no."),
});

const argument = (text: string) =>
  list(string({ maxLength: 131072 }).doc("One argument."), { max: 1024 })
    .optional()
    .doc(text);

export const containerFields = {
  image: string({ minLength: 1, maxLength: 1024, pattern: "^\\S+$", expects: "an image reference such as docker.io/library/node:22" }).doc(
    "Image to run, e.g. docker.io/library/node:22.",
  ),
  command: argument("Program and its first arguments; replaces the image's entrypoint. No shell is involved."),
  args: argument("Arguments; {{.inputs.x}} is replaced by the value of input x."),
  env: list(envEntry, { max: 256, merge: ["name"] })
    .optional()
    .doc("Environment variables."),
  resources: resources.optional().doc("CPU, memory and other resources."),
  workingDir: string().optional().doc("Where the program starts. Defaults to /code when the task has code."),
};

export const container = object(containerFields).named("Container");

const port = object({
  containerPort: integer({ minimum: 1, maximum: 65535 }).doc("Port the program listens on."),
  name: string({ maxLength: 15, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", expects: "a short name: lower-case letters, digits and hyphens" })
    .optional()
    .doc("Name of the port."),
});

export const servingContainer = object({
  ...containerFields,
  ports: list(port, { max: 16 }).optional().doc("Ports the program listens on; the first one is served."),
}).named("ServingContainer");

/** A path inside the repository, never out of it. */
export function repositoryPath() {
  return string({ minLength: 1, maxLength: 1024, pattern: "^[^\\x00\\n]+$", expects: "a path inside the repository" });
}

const codeSource = object({
  url: string({ minLength: 1, maxLength: 2048 }).doc("Repository to take the code from."),
  commit: string({ pattern: "^[0-9a-f]{40}([0-9a-f]{24})?$", maxLength: 64, expects: "a full commit id: 40 hexadecimal digits" }).doc("The exact commit."),
});

export const code = object({
  path: repositoryPath().doc("Directory of the commit, unpacked at /code. Relative to the GitSync path; a leading / is the repository root."),
  digest: digest().optional().doc("Digest of the stored bundle. Written by the sync."),
  revision: revision().optional().doc("Revision that the bundle came from. Written by the sync."),
  git: codeSource.optional().doc("Takes the directory from this repository and commit instead."),
}).named("Code");

const secret = object({
  name: objectName().doc("Name of the Secret."),
  key: string({ minLength: 1, maxLength: 253 }).optional().doc("Key in the Secret; all keys when absent."),
  mount: oneOf("env", "file")
    .optional()
    .doc("env sets a variable, file writes /etc/flyte/secrets/<name>/<key>. Absent means env when `as` is given, else file."),
  as: environmentVariable().optional().doc("Name of the variable for mount: env."),
});

export const secrets = list(secret, { max: 64 });

export type Container = Parsed<typeof container>;
export type ServingContainer = Parsed<typeof servingContainer>;
export type Code = Parsed<typeof code>;
export type Secret = Parsed<typeof secret>;
