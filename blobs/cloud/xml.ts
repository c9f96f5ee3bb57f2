/** One element of the XML that object stores answer with: no attributes, namespaces or mixed content are needed. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const TOKEN = /<\?[^]*?\?>|<!--[^]*?-->|<(\/?)([A-Za-z_][\w.:-]*)([^<>]*?)(\/?)>|([^<]+)/gy;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(#x?[0-9a-fA-F]+|[a-z]+);/g, (whole, entity: string) => {
    if (entity.startsWith("#")) return String.fromCodePoint(entity[1] === "x" ? parseInt(entity.slice(2), 16) : Number(entity.slice(1)));
    return ENTITIES[entity] ?? whole;
  });
}

interface Open {
  readonly name: string;
  readonly attributes: string;
  readonly children: XmlElement[];
  text: string;
}

/** Parses one document. Throws an Error for what is not well formed; knows no DTDs, so nothing can be expanded or fetched. */
export function parseXml(source: string): XmlElement {
  const root: Open = { name: "", attributes: "", children: [], text: "" };
  const open: Open[] = [root];
  let at = 0;
  const body = source.replace(/^\ufeff/, "");
  for (const match of body.matchAll(TOKEN)) {
    at += match[0].length;
    const [, closing, name, attributes = "", empty, text] = match;
    const inside = open.at(-1) ?? root;
    if (text !== undefined) inside.text += unescape(text);
    else if (name !== undefined && closing) {
      if (inside.name !== name || open.length === 1) throw new Error(`no well-formed XML: </${name}> closes <${inside.name}>`);
      open.pop();
    } else if (name !== undefined) {
      const element: Open = { name, attributes, children: [], text: "" };
      inside.children.push(element);
      if (!empty) open.push(element);
    }
  }
  const [document] = root.children;
  if (at !== body.length || open.length !== 1 || document === undefined) throw new Error("no well-formed XML");
  return document;
}

export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** The text of a child, or "". */
export function textIn(element: XmlElement | undefined, name: string): string {
  return childOf(element, name)?.text ?? "";
}

/** Text as it stands in an element. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
