import { type AuthoredObjectOf, defineKind, list, map, object, type ObjectOf, oneOf, string } from "../schema/index.ts";
import { envNames, objectName, ours } from "./names.ts";

const RESERVED = ["kube", "default", "openshift", "flyteops"] as const;

const subject = object({
  user: string({ minLength: 1, maxLength: 253 }).optional().doc("A user."),
  group: string({ minLength: 1, maxLength: 253 }).optional().doc("A group."),
}).rule({
  cel: "has(self.user) != has(self.group)",
  check: ({ user, group }) => (user === undefined) !== (group === undefined),
  message: "an entry of access is exactly one of user and group",
});

const subjects = (text: string) => list(subject, { max: 64 }).optional().doc(text);

const domainName = string({
  pattern: "^[a-z][a-z0-9]{0,19}$",
  maxLength: 20,
  expects: "a domain name: at most 20 lower-case letters and digits, no hyphen",
}).doc("A domain, e.g. development.");

const spec = object({
  displayName: string({ maxLength: 256 }).optional().doc("Name for people."),
  description: string().optional().doc("What the project is for."),
  domains: list(domainName, { min: 1, max: 16, merge: "set" })
    .rule({ check: (domains) => new Set(domains).size === domains.length, message: "a domain is named twice" })
    .doc("Environments; each owns the namespace <project>-<domain>."),
  access: object({
    viewers: subjects("Who may read."),
    editors: subjects("Who may read, start and abort."),
  })
    .optional()
    .doc("Who may do what in the namespaces."),
  defaults: object({
    serviceAccountName: objectName().optional().doc("Service account of pods that name none."),
    podLabels: map(string({ maxLength: 63 }).doc("Value of the label."), { max: 64 })
      .optional()
      .doc("Labels of every pod."),
    env: map(string({ maxLength: 131072 }).doc("Value of the variable."), { max: 256, keys: envNames })
      .optional()
      .doc("Environment variables of every container."),
  })
    .optional()
    .doc("What Tasks need not say."),
  dataPrefixes: list(
    string({ minLength: 1, maxLength: 1024, pattern: "^[a-z][a-z0-9+.-]*://", expects: "a URI prefix such as file:///data/raw/" }).doc("A URI prefix."),
    { max: 64 },
  )
    .optional()
    .doc("Where inputs given as {uri: …}, and results left as .uri, may lie. Absent or empty: nowhere. Runs keep the list they started with."),
  deletionPolicy: oneOf("Retain", "Delete").default("Retain").doc("Delete removes the namespaces with the Project, if they hold no unfinished Run."),
});

const status = object({
  namespaces: list(string({ maxLength: 63 }).doc("A namespace."), { max: 64 })
    .optional()
    .doc("Namespaces that belong to the project now."),
});

const isReserved = (name: string) => RESERVED.some((word) => name === word || name.startsWith(`${word}-`));

export const ProjectKind = defineKind({
  ...ours,
  kind: "Project",
  plural: "projects",
  shortNames: ["fproj"],
  namespaced: false,
  doc: "A team: its domains, access and defaults. Each domain is one namespace.",
  spec,
  status,
  rules: [
    {
      cel: "!self.metadata.name.contains('.') && self.spec.domains.all(d, size(self.metadata.name) + 1 + size(d) <= 63)",
      check: ({ metadata: { name }, spec: { domains } }) =>
        name === undefined || (!name.includes(".") && domains.every((domain) => name.length + 1 + domain.length <= 63)),
      message: "metadata.name has no dot, and <metadata.name>-<domain> at most 63 characters for every entry of spec.domains",
      at: ["metadata", "name"],
    },
    {
      cel: `!(${RESERVED.map((word) => `self.metadata.name == '${word}' || self.metadata.name.startsWith('${word}-')`).join(" || ")})`,
      check: ({ metadata: { name } }) => name === undefined || !isReserved(name),
      message: `metadata.name may be none of ${RESERVED.join(", ")}, nor begin with one of them and a hyphen: such namespaces belong to the system`,
      at: ["metadata", "name"],
    },
  ],
  conditions: {
    Ready: "All namespaces are in place.",
    Reconciling: "Namespaces are being made or changed.",
    Stalled: "Somebody must change something first.",
    NamespaceTaken: "A namespace exists and does not belong to this project: annotate it flyte.org/adopt: <project>, or choose another name.",
    Overridden: "A field is owned by another manager; the message names field, manager and time.",
  },
  columns: [
    { name: "Display", path: "spec.displayName", doc: "Name for people." },
    { name: "Domains", path: "spec.domains", doc: "Environments." },
    { name: "Ready", condition: "Ready", doc: "Whether all namespaces are in place." },
    { name: "Age", age: true, doc: "Time since creation." },
  ],
});

export type Project = ObjectOf<typeof ProjectKind>;
export type AuthoredProject = AuthoredObjectOf<typeof ProjectKind>;
export type ProjectSpec = Project["spec"];
export type ProjectStatus = NonNullable<Project["status"]>;
