/** Percent-encoding as RFC 3986 has it: all but unreserved characters. */
export function encodePart(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** An object name as a path: its slashes stay. */
export function encodePath(name: string): string {
  return name.split("/").map(encodePart).join("/");
}

export type Query = Readonly<Record<string, string | undefined>>;

/** `?a=1&b=`, in the order of names (a signature needs that); "" for none. */
export function encodeQuery(query: Query): string {
  const parts = Object.keys(query)
    .sort()
    .flatMap((name) => (query[name] === undefined ? [] : [`${encodePart(name)}=${encodePart(query[name])}`]));
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}
