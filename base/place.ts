/** Project and domain of what lies in a namespace. */
export interface Place {
  readonly project: string;
  /** "" where no Project made the namespace and its name has no hyphen. */
  readonly domain: string;
}

/** `<project>-<domain>`, the namespace of a domain of a Project: the one place where that is said. */
export function namespaceOf({ project, domain }: Place): string {
  return domain === "" ? project : `${project}-${domain}`;
}

/** What `namespaceOf` was made of. Domains have no hyphen, so a namespace splits one way only; one without is all project. */
export function placeOf(namespace: string): Place {
  const hyphen = namespace.lastIndexOf("-");
  return hyphen <= 0 ? { project: namespace, domain: "" } : { project: namespace.slice(0, hyphen), domain: namespace.slice(hyphen + 1) };
}
