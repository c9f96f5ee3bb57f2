const LABEL_PATTERN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_PATTERN = `${LABEL_PATTERN}(\\.${LABEL_PATTERN})*`;
const QUALIFIED_PATTERN = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const VALUE_PATTERN = `(${QUALIFIED_PATTERN})?`;
const CONFIG_KEY_PATTERN = "[-._a-zA-Z0-9]+";

const LABEL = new RegExp(`^${LABEL_PATTERN}$`);
const SUBDOMAIN = new RegExp(`^${SUBDOMAIN_PATTERN}$`);
const QUALIFIED = new RegExp(`^${QUALIFIED_PATTERN}$`);
const VALUE = new RegExp(`^${VALUE_PATTERN}$`);
const CONFIG_KEY = new RegExp(`^${CONFIG_KEY_PATTERN}$`);

function mustMatch(what: string, pattern: string, ...examples: readonly string[]): string {
  return `${what} (e.g. ${examples.map((one) => `'${one}'`).join(",  or ")}, regex used for validation is '${pattern}')`;
}

const tooLong = (max: number): string => `must be no more than ${max} bytes`;

const LABEL_RULE = mustMatch(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  LABEL_PATTERN,
  "my-name",
  "123-abc",
);
const SUBDOMAIN_RULE = mustMatch(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  SUBDOMAIN_PATTERN,
  "example.com",
);
const NAME_PART = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const QUALIFIED_RULE = mustMatch(NAME_PART, QUALIFIED_PATTERN, "MyName", "my.name", "123-abc");
const VALUE_RULE = mustMatch(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  VALUE_PATTERN,
  "MyValue",
  "my_value",
  "12345",
);
const CONFIG_KEY_RULE = mustMatch(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  CONFIG_KEY_PATTERN,
  "key.name",
  "KEY_NAME",
  "key-name",
);

const byteLength = (text: string): number => Buffer.byteLength(text);

/** Why a text is no DNS label; empty when it is one. The functions below answer alike. */
export function labelProblems(text: string): string[] {
  return [...(byteLength(text) > 63 ? [tooLong(63)] : []), ...(LABEL.test(text) ? [] : [LABEL_RULE])];
}

export function subdomainProblems(text: string): string[] {
  return [...(byteLength(text) > 253 ? [tooLong(253)] : []), ...(SUBDOMAIN.test(text) ? [] : [SUBDOMAIN_RULE])];
}

/** Names of RBAC objects. */
export function pathSegmentProblems(text: string): string[] {
  if (text === "." || text === "..") return [`may not be '${text}'`];
  return ["/", "%"].filter((character) => text.includes(character)).map((character) => `may not contain '${character}'`);
}

/** Keys of labels and annotations, names of finalizers. */
export function qualifiedNameProblems(text: string): string[] {
  const [first = "", second, ...rest] = text.split("/");
  if (rest.length > 0) {
    const rule = mustMatch(`a valid label key ${NAME_PART}`, QUALIFIED_PATTERN, "MyName", "my.name", "123-abc");
    return [`${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  const name = second ?? first;
  if (second !== undefined) {
    if (first === "") problems.push("prefix part must be non-empty");
    else problems.push(...subdomainProblems(first).map((problem) => `prefix part ${problem}`));
  }
  if (name === "") problems.push("name part must be non-empty");
  else if (byteLength(name) > 63) problems.push(`name part ${tooLong(63)}`);
  if (!QUALIFIED.test(name)) problems.push(`name part ${QUALIFIED_RULE}`);
  return problems;
}

export function labelValueProblems(text: string): string[] {
  return [...(byteLength(text) > 63 ? [tooLong(63)] : []), ...(VALUE.test(text) ? [] : [VALUE_RULE])];
}

/** Keys of ConfigMaps and Secrets. */
export function configKeyProblems(text: string): string[] {
  const problems = byteLength(text) > 253 ? [tooLong(253)] : [];
  if (!CONFIG_KEY.test(text)) return [...problems, CONFIG_KEY_RULE];
  if (text === "." || text === "..") return [...problems, `must not be '${text}'`];
  return text.startsWith("..") ? [...problems, `must not start with '..'`] : problems;
}

/** Names of ports. */
export function portNameProblems(text: string): string[] {
  const problems = byteLength(text) > 15 ? ["must be no more than 15 characters"] : [];
  if (!/^[-a-z0-9]+$/.test(text)) problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(text)) problems.push("must contain at least one letter (a-z)");
  if (text.includes("--")) problems.push("must not contain consecutive hyphens");
  if (/^-|-$/.test(text)) problems.push("must not begin or end with a hyphen");
  return problems;
}
