import type { AnyKind, Column } from "./kind.ts";
import type { Node, Rule } from "./node.ts";

interface Row {
  readonly path: string;
  readonly node: Node;
  /** Required in its parent. */
  readonly required: boolean;
}

const WORDS: Readonly<Record<ValueNode["values"] & string, string>> = { binding: "value or reference", literal: "value", template: "value" };
type ValueNode = Extract<Node, { kind: "open" }>;

function stringType(node: Extract<Node, { kind: "string" }>): string {
  if (node.enum) return node.enum.map((word) => (word === "" ? '""' : word)).join(" \\| ");
  if (node.format) return node.format === "byte" ? "base64" : "time";
  return node.expects?.startsWith("a duration") ? "duration" : "string";
}

/** The type as people say it: `map of string`, `list of Secret`. */
function typeWord(node: Node): string {
  switch (node.kind) {
    case "string":
      return stringType(node);
    case "text-or-object":
      return "string or object";
    case "list":
      return `list of ${typeWord(node.items)}`;
    case "map":
      return `map of ${typeWord(node.values)}`;
    case "open":
      return node.values ? `map of ${WORDS[node.values]}` : "object (open)";
    case "any":
      return node.values ? WORDS[node.values] : "any";
    default:
      return node.kind;
  }
}

/** The fields of a node, each followed by its own, depth first. */
function rowsOf(node: Node, path: string): Row[] {
  switch (node.kind) {
    case "object":
      return Object.entries(node.fields).flatMap(([name, field]) => {
        const at = path === "" ? name : `${path}.${name}`;
        return [{ path: at, node: field, required: !field.optional && field.default === undefined }, ...rowsOf(field, at)];
      });
    case "list":
      return rowsOf(node.items, `${path}[]`);
    case "map":
      return rowsOf(node.values, `${path}.*`);
    case "text-or-object":
      return rowsOf(node.object, path);
    default:
      return [];
  }
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\\\\|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");

function limits(node: Node): string {
  if (node.kind !== "integer" && node.kind !== "number") return "";
  const { minimum, maximum } = node;
  if (minimum !== undefined && maximum !== undefined) return ` (${minimum} to ${maximum})`;
  return minimum === undefined ? "" : ` (from ${minimum})`;
}

function row({ path, node, required }: Row): string {
  const facts = [
    ...(required ? ["required"] : []),
    ...(node.immutable ? ["fixed"] : []),
    ...(node.reloadable ? ["live"] : []),
    ...(node.default === undefined ? [] : [`default \`${JSON.stringify(node.default)}\``]),
  ];
  return `| \`${path}\` | ${cell(typeWord(node))}${limits(node)} | ${facts.join(", ")} | ${cell(node.doc ?? "")} |`;
}

/** The fields of a shape as a Markdown table, depth first. */
export function fieldTable(node: Node): string[] {
  return ["| field | type | | meaning |", "|---|---|---|---|", ...rowsOf(node, "").map(row)];
}

/** Every rule below a node with the place it belongs to. */
function rulesOf(node: Node, path: string): [path: string, rule: Rule][] {
  const own = (node.rules ?? []).map((rule): [string, Rule] => [[path, ...(rule.at ?? [])].join("."), rule]);
  const below = rowsBelow(node, path).flatMap(([at, child]) => rulesOf(child, at));
  return [...own, ...below];
}

function rowsBelow(node: Node, path: string): [string, Node][] {
  if (node.kind === "object") return Object.entries(node.fields).map(([name, field]) => [`${path}.${name}`, field]);
  if (node.kind === "list") return [[`${path}[]`, node.items]];
  if (node.kind === "map") return [[`${path}.*`, node.values]];
  if (node.kind === "text-or-object") return [[path, node.object]];
  return [];
}

function ruleList(kind: AnyKind): string[] {
  const rules = [...kind.rules.map((rule): [string, Rule] => [(rule.at ?? []).join("."), rule as Rule]), ...rulesOf(kind.spec.node, "spec")];
  if (rules.length === 0) return [];
  return ["", "## Rules", "", ...rules.map(([path, rule]) => `- \`${path}\`: ${cell(rule.message)}`)];
}

function columnSource(column: Column): string {
  if ("age" in column) return "`metadata.creationTimestamp`";
  return "condition" in column ? `condition ${column.condition}` : `\`${column.path}\``;
}

function columnTable(kind: AnyKind): string[] {
  const rows = kind.columns.map(
    (column) => `| ${column.name.toUpperCase()}${column.wide ? " (`-o wide`)" : ""} | ${columnSource(column)} | ${cell(column.doc)} |`,
  );
  return ["", `## \`kubectl get ${kind.plural}.${kind.group}\``, "", "| column | from | meaning |", "|---|---|---|", ...rows];
}

function conditionTable(kind: AnyKind): string[] {
  const rows = Object.entries(kind.conditions).map(([name, meaning]) => `| ${name} | ${cell(meaning)} |`);
  return ["", "## Conditions", "", "| type | True means |", "|---|---|", ...rows];
}

/** The reference page of a kind, in Markdown. `example` is a manifest that is shown as it is. */
export function referencePage(kind: AnyKind, example?: string): string {
  const scope = kind.namespaced ? "namespaced" : "cluster-wide";
  const shown = example === undefined ? [] : ["", "## Example", "", "```yaml", example.trimEnd(), "```"];
  return [
    `# ${kind.kind}`,
    "",
    "<!-- Generated by npm run generate from the declaration in crds/. -->",
    "",
    kind.doc,
    "",
    `\`${kind.group}/${kind.version}\`, ${scope}; \`kubectl get ${kind.plural}.${kind.group}\`, short name \`${kind.shortNames.join("`, `")}\`. In field paths \`[]\` is an entry of a list and \`*\` any key of a map; *fixed* fields are set on creation and never change; *open* objects are kept as written.`,
    ...shown,
    "",
    "## spec",
    "",
    ...fieldTable(kind.spec.node),
    ...ruleList(kind),
    ...columnTable(kind),
    ...conditionTable(kind),
    "",
    "## status",
    "",
    ...fieldTable(kind.status.node),
    "",
  ].join("\n");
}

/** The page that lists all kinds. */
export function referenceIndex(kinds: readonly AnyKind[]): string {
  const rows = kinds.map(
    (kind) =>
      `| [${kind.kind}](${kind.singular}.md) | ${kind.namespaced ? "namespace" : "cluster"} | \`${kind.shortNames.join("`, `")}\` | ${cell(kind.doc)} |`,
  );
  return [
    "# The kinds",
    "",
    "<!-- Generated by npm run generate from the declarations in crds/. -->",
    "",
    "| kind | scope | short name | what it is |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
