import { failure } from "../status.ts";

/** How an answer shall look: the object itself, a table for people, or its metadata alone. */
export interface Format {
  readonly as: "object" | "table" | "partial";
  /** Of meta.k8s.io, for tables and partial objects. */
  readonly version: "v1" | "v1beta1";
  readonly encoding: "json" | "yaml";
}

interface Offer {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function offers(accept: string): Offer[] {
  const parsed = accept.split(",").map((part) => {
    const [type = "", ...rest] = part.split(";").map((piece) => piece.trim());
    const parameters = new Map(rest.map((pair) => pair.split("=", 2) as [string, string]));
    return { type: type.toLowerCase(), parameters, quality: Number(parameters.get("q") ?? 1) };
  });
  return parsed.sort((left, right) => right.quality - left.quality);
}

const ENCODINGS: ReadonlyMap<string, Format["encoding"]> = new Map([
  ["application/json", "json"],
  ["*/*", "json"],
  ["application/*", "json"],
  ["", "json"],
  ["application/yaml", "yaml"],
]);

const SHAPES: ReadonlyMap<string, Format["as"]> = new Map([
  ["Table", "table"],
  ["PartialObjectMetadata", "partial"],
  ["PartialObjectMetadataList", "partial"],
]);

function formatOf(offer: Offer, isList: boolean): Format | undefined {
  const encoding = ENCODINGS.get(offer.type);
  if (!encoding) return undefined;
  const wanted = offer.parameters.get("as");
  if (wanted === undefined) return { as: "object", version: "v1", encoding };
  const as = wanted === (isList ? "PartialObjectMetadata" : "PartialObjectMetadataList") ? undefined : SHAPES.get(wanted);
  const version = offer.parameters.get("v") ?? "v1";
  if (!as || offer.parameters.get("g") !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return undefined;
  return { as, version, encoding };
}

/** The first form of `Accept` that the server can give: one and many come in JSON and YAML, changes as JSON only. Throws 406. */
export function negotiate(accept: string | undefined, what: "one" | "many" | "changes"): Format {
  for (const offer of offers(accept ?? "")) {
    const format = formatOf(offer, what === "many");
    if (format && (what !== "changes" || format.encoding === "json")) return format;
  }
  const available = what === "changes" ? "application/json;stream=watch" : "application/json, application/yaml";
  throw failure(406, "NotAcceptable", `406: Not Acceptable\n\nAvailable representations: ${available}`, {});
}
