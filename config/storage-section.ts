import { boolean, object, oneOf, string } from "../schema/index.ts";
import { path } from "./path-key.ts";

/** Credentials in an address end in logs and in `config show`. */
const endpoint = () => string({ maxLength: 2048, pattern: "^https?://[^@\\s]+$", expects: "an http:// or https:// address without credentials" });

const connection = object({
  endpoint: endpoint().optional().doc("Address of an S3-compatible server; absent: Amazon's for the region."),
  region: string({ minLength: 1, maxLength: 64 }).default("us-east-1").doc("Region of the bucket."),
  "auth-type": oneOf("iam", "accesskey").default("iam").doc("Credentials of the pod's own identity, or a key from files."),
  accessKeyPath: path().optional().doc("File with the access key id."),
  secretKeyPath: path().optional().doc("File with the secret access key."),
  "disable-ssl": boolean().default(false).doc("Speak http to an endpoint that is named without a scheme's security; only inside a trusted network."),
}).rule({
  check: (c) => c["auth-type"] === "iam" || (c.accessKeyPath !== undefined && c.secretKeyPath !== undefined),
  message: "auth-type accesskey needs accessKeyPath and secretKeyPath",
  at: ["auth-type"],
});

export const storageSection = object({
  type: oneOf("s3", "google", "azure", "local", "mem")
    .default("local")
    .doc("Kind of object store. local is a directory that every pod must see at the same path; mem forgets everything and serves tests."),
  container: string({ minLength: 1, maxLength: 255 }).optional().doc("Bucket (s3, google) or container (azure)."),
  prefix: string({ maxLength: 1024, pattern: "^([^/\\s][^\\s]*[^/\\s]|[^/\\s]?)$", expects: "a path without slashes at its ends" })
    .default("")
    .doc("Everything is kept below this path of the container."),
  directory: path().default("/var/lib/flyteops/objects").doc("Directory of a local store."),
  connection: connection.default({}).doc("An S3-compatible server."),
  google: object({
    jsonPath: path().optional().doc("File with the key of a service account; absent: the pod's own identity."),
    endpoint: endpoint().optional().doc("Address of another server than Google's."),
  })
    .default({})
    .doc("Google Cloud Storage."),
  azure: object({
    account: string({ minLength: 1, maxLength: 64 }).optional().doc("Storage account."),
    keyPath: path().optional().doc("File with the account key; absent: the pod's own identity."),
    endpoint: endpoint().optional().doc("Address of another server than Azure's."),
  })
    .default({})
    .doc("Azure Blob Storage."),
  secretName: string({ minLength: 1, maxLength: 253 })
    .optional()
    .doc("Secret in the namespace of a task whose keys become the environment of its copilots (AWS_ACCESS_KEY_ID and the like)."),
  copySecret: oneOf("never", "projects")
    .default("never")
    .doc(
      "projects: the Secret of this name in the namespace of the installation is copied into the namespaces of Projects, and follows it. One that a namespace has of its own stays as it is.",
    ),
})
  .rule({
    check: ({ copySecret, secretName }) => copySecret === "never" || secretName !== undefined,
    message: "copySecret needs secretName",
    at: ["copySecret"],
  })
  .rule({
    check: ({ type, container }) => type === "local" || type === "mem" || container !== undefined,
    message: "storage of type s3, google and azure needs a container",
    at: ["container"],
  })
  .rule({
    check: ({ type, azure }) => type !== "azure" || azure.account !== undefined,
    message: "storage of type azure needs azure.account",
    at: ["azure"],
  });
