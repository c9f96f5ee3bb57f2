import { isFields, type Json, parseJson } from "../base/index.ts";
import { OutputFailure } from "../values/index.ts";
import type { AttemptError } from "./result.ts";
import type { SafeTree } from "./safe-tree.ts";
import { bytesOf } from "./local-files.ts";

const NAME = "_ERROR";
const MAX_BYTES = 1024 * 1024;
/** One word that a status, an event and a retry rule can carry; any other code is told in the message. */
const CODE = /^[A-Za-z0-9][\w.:/-]{0,127}$/;
const STRANGE_MAX = 200;

/** The error a task reports by leaving `_ERROR`: text, or JSON {code, message, kind, retryable, skip}. Undefined when there is none. */
export async function reportedError(tree: SafeTree): Promise<AttemptError | undefined> {
  try {
    if ((await tree.kind([NAME])) === undefined) return undefined;
    return errorOf(await firstBytes(tree));
  } catch (thrown) {
    if (!(thrown instanceof OutputFailure)) throw thrown;
    return userError("UserError", `the task left ${NAME}, which cannot be read: ${thrown.message}`);
  }
}

async function firstBytes(tree: SafeTree): Promise<string> {
  const { file, size } = await tree.openFile([NAME]);
  try {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of bytesOf(file)) {
      pieces.push(piece);
      length += piece.length;
      if (length >= MAX_BYTES) break;
    }
    const text = Buffer.concat(pieces).subarray(0, MAX_BYTES).toString();
    return size > MAX_BYTES ? `${text}… (${size} bytes)` : text;
  } finally {
    await file.close();
  }
}

function userError(code: string, message: string): AttemptError {
  return { code, message, kind: "USER", retryable: true, skip: false, declared: true };
}

function errorOf(text: string): AttemptError {
  const plain = userError("UserError", text.trim() === "" ? `the task left an empty ${NAME}` : text.trim());
  const fields = objectOf(text);
  if (fields === undefined) return plain;
  const { code, message, kind, retryable, skip } = fields;
  const said = typeof message === "string" ? message : plain.message;
  const strange = typeof code === "string" && code !== "" && !CODE.test(code);
  return {
    code: typeof code === "string" && CODE.test(code) ? code : plain.code,
    message: strange ? `${code.slice(0, STRANGE_MAX)}: ${said}` : said,
    kind: kind === "SYSTEM" ? "SYSTEM" : "USER",
    retryable: typeof retryable === "boolean" ? retryable : true,
    skip: skip === true,
    declared: true,
  };
}

function objectOf(text: string): { readonly [key: string]: Json } | undefined {
  try {
    const json = parseJson(text);
    return isFields(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
