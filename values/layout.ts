/** `Direct`: a file is `<var>`. `NamedDir`: a file is `<var>/<original name>`. */
export type FileLayout = "Direct" | "NamedDir";

/** The last segment of a URI; `data` where it has none that can be a file name. */
export function nameOfUri(uri: string): string {
  const name = uri.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return name === "" || name === "." || name === ".." || name.endsWith(":") ? "data" : name;
}

/** Where a stored file lies below the input directory, given where its variable or element lies. */
export function filePlace(at: readonly string[], uri: string, layout: FileLayout): string[] {
  return layout === "NamedDir" ? [...at, nameOfUri(uri)] : [...at];
}
