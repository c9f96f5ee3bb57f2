import type { Json } from "../base/index.ts";
import { EXIT, UserError } from "./context.ts";

/** What is typed after the `=`: a whole number, true, false, null, a list in braces; else text. As Helm reads it. */
function valueOf(text: string): Json {
  if (/^(0|-?[1-9][0-9]{0,14})$/.test(text)) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  const list = /^\{(.*)\}$/s.exec(text);
  if (list) return list[1] === "" ? [] : (list[1] ?? "").split(",").map((item) => valueOf(item.trim()));
  return text;
}

/** `a.b\.c=v` as a tree; a dot after a backslash belongs to the key. Throws UserError. */
export function setOption(typed: string): { [key: string]: Json } {
  const at = typed.indexOf("=");
  const path = typed.slice(0, Math.max(0, at)).split(/(?<!\\)\./);
  if (at < 1 || path.some((key) => key === "")) {
    throw new UserError(`--set ${typed}: write key=value, as --set config.storage.container=my-bucket`, { exitCode: EXIT.usage });
  }
  return path.reduceRight<Json>((value, key) => ({ [key.replaceAll("\\.", ".")]: value }), valueOf(typed.slice(at + 1))) as { [key: string]: Json };
}
