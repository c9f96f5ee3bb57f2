import { messageOf, RetryableFailure, TerminalFailure } from "../../base/index.ts";
import { redactUrls } from "./git-url.ts";

/** What git prints (with LC_ALL=C), and what that means. The first match counts. Only this file knows git's words. */
const MEANINGS: readonly (readonly [RegExp, string, string])[] = [
  [/transport '[^']*' not allowed/i, "ProtocolNotAllowed", "this protocol is not allowed"],
  [/host key verification failed|no \S+ host key is known/i, "HostKeyUnknown", "the server's host key is not known"],
  [
    /authentication failed|could not read (username|password)|permission denied \(|terminal prompts disabled|access denied|returned error: 40[13]|invalid credentials/i,
    "AuthenticationFailed",
    "the server refused our credentials",
  ],
  [/certificate/i, "CertificateUntrusted", "the server's certificate is not trusted"],
  [
    /could not resolve|couldn't connect|failed to connect|connection (refused|timed out|reset)|network is unreachable|no route to host|operation timed out/i,
    "RepositoryUnreachable",
    "the server cannot be reached",
  ],
  [
    /repository '?[^']*'? not found|does not appear to be a git repository|not a git repository|returned error: 404|does not exist$/im,
    "RepositoryNotFound",
    "there is no repository at this address",
  ],
  [/couldn't find remote ref|not our ref|unadvertised object|no such ref/i, "RefNotFound", "the ref does not exist"],
  [/no space left|disk quota/i, "DiskFull", "the disk is full"],
  [
    /fsck error|corrupt|bad object|invalid index-pack|unresolved delta|did not send all necessary objects|bad tree|inflate/i,
    "RepositoryCorrupt",
    "the repository holds damaged or forbidden objects",
  ],
  [/early eof|hung up|unable to access|returned error: 5/i, "RepositoryUnreachable", "the connection failed"],
];

const TERMINAL = new Set(["ProtocolNotAllowed"]);

function lastLines(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("hint:"));
  return redactUrls(lines.slice(-3).join("; ")).slice(0, 500);
}

/** A failure of git, classified. Credentials in what git said are masked. */
export function gitFailure(thrown: unknown, url: string): RetryableFailure | TerminalFailure {
  if (thrown instanceof RetryableFailure || thrown instanceof TerminalFailure) return thrown;
  const said = messageOf(thrown);
  const where = redactUrls(url);
  if (/spawn \S* ?ENOENT/.test(said)) return new RetryableFailure("GitNotInstalled", "the program `git` is not on PATH", { cause: thrown });
  const [, reason, meaning] = MEANINGS.find(([pattern]) => pattern.test(said)) ?? [undefined, "GitFailed", "git failed"];
  const message = `${where}: ${meaning} (git said: ${lastLines(said)})`;
  return TERMINAL.has(reason) ? new TerminalFailure(reason, message) : new RetryableFailure(reason, message);
}
