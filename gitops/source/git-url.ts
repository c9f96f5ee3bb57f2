import { isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TerminalFailure } from "../../base/index.ts";

export interface RepositoryUrl {
  /** As handed to git: always a URL, never an option, never `ext::` or scp-like. */
  readonly url: string;
  /** Directory of a local repository. */
  readonly localPath: string | undefined;
}

/** Masks user names, passwords and query strings of every URL in the text. */
export function redactUrls(text: string): string {
  return text.replace(/\b((?:https?|ssh):[/\\]*|[a-z][a-z0-9+.-]*:\/\/)[^\s/\\'"]*@/gi, "$1***@").replace(/\b(https?:\/\/[^\s?'"]+)\?[^\s'"]*/gi, "$1?***");
}

function invalid(text: string, why: string): TerminalFailure {
  return new TerminalFailure("InvalidUrl", `spec.url ${redactUrls(text)}: ${why}`);
}

function parsed(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw invalid(text, "not a URL; write https://…, ssh://… (ssh://git@host/path instead of git@host:path) or, on a laptop, file:///…");
  }
}

/** Accepts https, ssh and, where allowed, file URLs and absolute paths. Throws InvalidUrl or ProtocolNotAllowed (terminal). */
export function parseRepositoryUrl(text: string, options: { readonly allowFile: boolean }): RepositoryUrl {
  if (/[\u0000-\u001f\u007f]/.test(text)) throw invalid(text.replace(/[^ -~]/g, "?"), "holds control characters");
  const url = isAbsolute(text) ? pathToFileURL(text) : parsed(text);
  if (url.protocol === "file:") return localUrl(text, url, options);
  if (url.protocol !== "https:" && url.protocol !== "ssh:") {
    throw new TerminalFailure("ProtocolNotAllowed", `spec.url ${redactUrls(text)}: the protocol ${url.protocol.slice(0, -1)} is not allowed; use https or ssh`);
  }
  if (url.hostname === "" || url.hostname.startsWith("-") || url.username.startsWith("-")) throw invalid(text, "has no usable host name");
  return { url: url.href, localPath: undefined };
}

function localUrl(text: string, url: URL, options: { readonly allowFile: boolean }): RepositoryUrl {
  if (!options.allowFile) throw new TerminalFailure("ProtocolNotAllowed", `spec.url ${redactUrls(text)}: file URLs are followed on a laptop only`);
  if (url.host !== "" && url.host !== "localhost") throw invalid(text, "a file URL has no host: file:///absolute/path");
  const localPath = fileURLToPath(`file://${url.pathname}`);
  return { url: pathToFileURL(localPath).href, localPath };
}
