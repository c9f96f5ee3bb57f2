/** What an expression or a name in it can be. `dyn` is checked at run time only; `optional` is CEL's optional_type. */
export type CelType =
  | { readonly kind: "int" | "double" | "string" | "bool" | "bytes" | "timestamp" | "duration" | "null" | "file" | "dyn" }
  | { readonly kind: "list" | "map" | "optional"; readonly of: CelType };

/** The text that CEL itself uses: `list<map<string, int>>`. */
export function celTypeName(type: CelType): string {
  switch (type.kind) {
    case "timestamp":
      return "google.protobuf.Timestamp";
    case "duration":
      return "google.protobuf.Duration";
    case "file":
      return "File";
    case "list":
      return `list<${celTypeName(type.of)}>`;
    case "map":
      return `map<string, ${celTypeName(type.of)}>`;
    case "optional":
      return `optional<${celTypeName(type.of)}>`;
    default:
      return type.kind;
  }
}

const SIMPLE: Readonly<Record<string, CelType>> = {
  int: { kind: "int" },
  uint: { kind: "int" },
  double: { kind: "double" },
  string: { kind: "string" },
  bool: { kind: "bool" },
  bytes: { kind: "bytes" },
  null: { kind: "null" },
  null_type: { kind: "null" },
  File: { kind: "file" },
  "google.protobuf.Timestamp": { kind: "timestamp" },
  "google.protobuf.Duration": { kind: "duration" },
  list: { kind: "list", of: { kind: "dyn" } },
  map: { kind: "map", of: { kind: "dyn" } },
};

/** Reads a type name of the library back; what we have no word for (type values, map keys that are not strings) is `dyn`. */
export function parseCelTypeName(name: string): CelType {
  const simple = SIMPLE[name];
  if (simple) return simple;
  const inner = /^(list|optional)<(.*)>$/.exec(name);
  if (inner) return { kind: inner[1] as "list" | "optional", of: parseCelTypeName(inner[2]!) };
  const map = /^map<(?:string|dyn), (.*)>$/.exec(name);
  return map ? { kind: "map", of: parseCelTypeName(map[1]!) } : { kind: "dyn" };
}
