import {
  type AuthoredObjectOf,
  boolean,
  defineKind,
  duration,
  integer,
  list,
  object,
  type ObjectOf,
  oneOf,
  open,
  type Parsed,
  string,
  values,
} from "../schema/index.ts";
import { digest, nameOf, objectName, ours, parameterNames, revision } from "./names.ts";

const gitName = () => string({ minLength: 1, maxLength: 244, pattern: "^[^\\s~^:?*\\\\\\[\\x00-\\x1f\\x7f]+$", expects: "a name that git accepts" });
const secretReference = object({ name: objectName().doc("Name of a Secret in this namespace.") });

const ref = object({
  branch: gitName().optional().doc("Newest commit of this branch."),
  tag: gitName().optional().doc("Commit of this tag."),
  semver: string({ minLength: 1, maxLength: 128 }).optional().doc('Highest tag in this range, e.g. ">=1.2.0 <2.0.0".'),
  commit: string({ maxLength: 64, pattern: "^[0-9a-f]{40}([0-9a-f]{24})?$", expects: "a full commit id: 40 hexadecimal digits" })
    .optional()
    .doc("Exactly this commit."),
  name: gitName().optional().doc("Any reference by its full name, e.g. refs/pull/7/head."),
}).named("Ref");

const OUR_KINDS = ["Project", "ProjectQuota", "Task", "Workflow", "Trigger", "App", "Run", "GitSync"] as const;

const patch = object({
  target: object({
    kind: oneOf(...OUR_KINDS)
      .optional()
      .doc("Objects of this kind; all kinds when absent."),
    name: nameOf().optional().doc("The object of this name; all names when absent."),
  }).doc("Which objects are changed."),
  patch: open().doc("JSON merge patch, applied before validation; null removes a field."),
});

const verify = object({
  mode: oneOf("HEAD", "Tag", "TagAndHEAD").doc("What must be signed."),
  secretRef: secretReference.doc("Secret with the public keys: *.asc (PGP) or *.sshpub (SSH)."),
});

const spec = object({
  url: string({
    minLength: 1,
    maxLength: 2048,
    pattern: "^(https?|ssh|file)://",
    expects: "https://…, ssh://… or file:///…; not the scp form git@host:path",
  }).doc("Repository: https://, ssh://, or file:// on a laptop."),
  ref: ref.optional().doc("What to follow. Of several, name > commit > semver > tag > branch. Absent means the repository's default branch."),
  path: string({ maxLength: 1024, pattern: "^[^\\x00\\n]*$", expects: "a directory of the repository" })
    .default(".")
    .doc("Directory of the repository that is followed."),
  include: list(string({ minLength: 1, maxLength: 1024 }).doc("A glob below path."), { max: 256 })
    .default(["**/*.yaml", "**/*.yml"])
    .doc("Files that are read, as globs below path."),
  interval: duration().default("1m").doc("How often to look for new commits."),
  project: nameOf(42).optional().doc("Tenant level: everything it applies belongs to this project. Absent: platform level."),
  domain: string({ maxLength: 20, pattern: "^[a-z][a-z0-9]{0,19}$", expects: "a domain name: lower-case letters and digits, no hyphen" })
    .optional()
    .doc("With project, the default namespace <project>-<domain>."),
  serviceAccountName: objectName().optional().doc("Service account of this namespace that every write is made as."),
  secretRef: secretReference.optional().doc("Credentials: username, password, bearerToken, identity, known_hosts, ca.crt, tls.crt, tls.key."),
  verify: verify.optional().doc("Applies only commits that are signed."),
  prune: boolean().default(true).doc("Deletes objects that left the repository."),
  suspend: boolean().default(false).doc("Does nothing until it is false again."),
  timeout: duration().default("5m").doc("The longest one git operation may take."),
  runs: oneOf("Create", "Adopt", "Ignore").default("Create").doc("Runs in git: run once; record as already run when the archive has them; or leave out."),
  patches: list(patch, { max: 64 }).optional().doc("Changes of objects before they are validated, so that one tree serves every domain."),
  params: values("literal", parameterNames).optional().doc("Values for {from: params.x} in inputs of Triggers and Apps."),
})
  .rule({
    cel: "!has(self.domain) || has(self.project)",
    check: (sync) => sync.domain === undefined || sync.project !== undefined,
    message: "domain belongs to project: add project, or remove domain",
    at: ["domain"],
  })
  .rule({
    cel: "!has(self.ref) || has(self.ref.branch) || has(self.ref.tag) || has(self.ref.semver) || has(self.ref.commit) || has(self.ref.name)",
    check: ({ ref: at }) => at === undefined || Object.keys(at).length > 0,
    message: "ref needs one of branch, tag, semver, commit and name",
    at: ["ref"],
  });

const problem = object({
  file: string().doc("File, from the root of the repository."),
  line: integer({ minimum: 0 }).doc("Line, from 1."),
  column: integer({ minimum: 0 }).doc("Column, from 1."),
  code: string({ maxLength: 128 }).doc("What kind of problem, in one CamelCase word."),
  message: string({ maxLength: 4096 }).doc("What is wrong and what to write instead."),
  severity: oneOf("error", "warning").optional().doc("Whether it keeps the object from being applied."),
});

const count = (text: string) => integer({ minimum: 0 }).optional().doc(text);

const status = object({
  revision: revision().optional().doc("Revision that was applied last, e.g. main@sha1:…"),
  attemptedRevision: revision().optional().doc("Revision that was looked at last; it differs while there are problems."),
  lastHandledReconcileAt: string({ maxLength: 253 }).optional().doc("Last value of the annotation that asks for a sync now."),
  lastSyncTime: string({ maxLength: 64 }).optional().doc("When the repository was last compared with the cluster."),
  objects: object({
    total: count("Objects in the repository."),
    changed: count("Objects that the last sync wrote."),
    pruned: count("Objects that the last sync deleted."),
    failed: count("Objects that could not be applied."),
    ignored: count("Documents that are not ours."),
  })
    .optional()
    .doc("What the last sync did."),
  problems: list(problem, { max: 100 }).optional().doc("What is wrong in the repository, the first hundred."),
  problemCount: count("How many problems there are in all."),
  inventory: object({
    digest: digest().optional().doc("Digest of the inventory."),
    objects: count("Objects that it names."),
    names: list(string({ maxLength: 253 }).doc("Name of an object."), { max: 256 })
      .optional()
      .doc("Objects in this namespace that hold the parts of it."),
  })
    .optional()
    .doc("Where the sync keeps what it has applied."),
});

export const GitSyncKind = defineKind({
  ...ours,
  kind: "GitSync",
  plural: "gitsyncs",
  shortNames: ["fsync"],
  namespaced: true,
  doc: "Follows one path of one repository into the cluster.",
  spec,
  status,
  conditions: {
    Ready: "The newest revision is applied, without problems.",
    Reconciling: "A revision is being fetched or applied.",
    Stalled: "Somebody must change something first.",
    SourceReady: "The revision is fetched.",
    SourceVerified: "The signature of the revision is good.",
    Validated: "The repository has no problems; status.problems has them otherwise.",
    Applied: "All valid objects of the revision are in the cluster.",
    Overridden: "A field is owned by another manager; the message names field, manager and time.",
    ServiceAccountMissing: "The service account does not exist: nothing is written.",
    NotImplemented: "A part of the spec does not work yet; the message names it.",
  },
  columns: [
    { name: "Revision", path: "status.revision", doc: "Revision that was applied last." },
    { name: "Ready", condition: "Ready", doc: "Whether the newest revision is applied." },
    { name: "Objects", path: "status.objects.total", doc: "Objects in the repository." },
    { name: "Problems", path: "status.problemCount", doc: "Problems in the repository." },
    { name: "Suspended", path: "spec.suspend", doc: "Whether it does nothing.", wide: true },
    { name: "URL", path: "spec.url", doc: "Repository.", wide: true },
    { name: "Age", age: true, doc: "Time since creation." },
  ],
});

export type GitSync = ObjectOf<typeof GitSyncKind>;
export type AuthoredGitSync = AuthoredObjectOf<typeof GitSyncKind>;
export type GitSyncSpec = GitSync["spec"];
export type GitSyncStatus = NonNullable<GitSync["status"]>;
export type GitReference = Parsed<typeof ref>;
