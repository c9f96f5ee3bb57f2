import { TerminalFailure } from "../base/index.ts";

type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

const SET = /^([^\s!=,()]+)\s+(in|notin)\s+\(([^()]*)\)$/;
const EQUALITY = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/;
const EXISTS = /^(!?)\s*([^\s!=,()]+)$/;

function requirementOf(term: string): Requirement {
  const set = SET.exec(term);
  if (set) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set(list.split(",").map((value) => value.trim()));
    return operator === "in" ? (labels) => values.has(labels[key] ?? "") && key in labels : (labels) => !(key in labels) || !values.has(labels[key] ?? "");
  }
  const equality = EQUALITY.exec(term);
  if (equality) {
    const [, key = "", operator, value = ""] = equality;
    return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = EXISTS.exec(term);
  if (!exists) throw new TerminalFailure("InvalidSelector", `not a label selector: ${term}`);
  const [, absent, key = ""] = exists;
  return absent ? (labels) => !(key in labels) : (labels) => key in labels;
}

/** The test that a label selector (`a=b,c!=d,e,!f,g in (x,y)`) stands for. TerminalFailure when it is malformed. */
export function labelMatcher(selector: string): (labels: Labels | undefined) => boolean {
  const terms = selector.split(/,(?![^()]*\))/).map((term) => term.trim());
  const requirements = terms.filter((term) => term !== "").map(requirementOf);
  return (labels) => requirements.every((holds) => holds(labels ?? {}));
}

/** A selector text of exact labels, keys sorted. */
export function labelSelector(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key] ?? ""}`)
    .join(",");
}
