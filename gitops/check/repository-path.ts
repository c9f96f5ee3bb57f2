/** A path as written in a manifest or a GitSync, made relative to the repository root; or why it cannot be followed. */
export type ResolvedPath = { readonly path: string } | { readonly problem: string };

/** `base` is normalised already. A leading `/` means the repository root; `..` is refused rather than computed. */
export function resolvePath(base: string, written: string): ResolvedPath {
  if (/[\u0000-\u001f\u007f\\]/.test(written)) return { problem: `the path ${JSON.stringify(written)} holds characters that are not allowed in paths` };
  if (written.trim() === "") return { problem: "the path is empty" };
  const steps = written.split("/").filter((step) => step !== "" && step !== ".");
  if (steps.includes("..")) return { problem: `the path ${written} holds '..': paths stay inside the repository; begin with / to mean its root` };
  if (steps.some((step) => step.toLowerCase() === ".git")) return { problem: `the path ${written} leads into .git` };
  const root = written.startsWith("/") || base === "" ? [] : [base];
  return { path: [...root, ...steps].join("/") };
}
