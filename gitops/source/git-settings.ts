import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The only configuration our git processes ever see: no system file, no user file. Nothing a repository holds can start a program, write a
 * link or reach another protocol.
 */
function configText(allowFile: boolean): string {
  return `[protocol]
	allow = never
[protocol "https"]
	allow = always
[protocol "ssh"]
	allow = always
[protocol "file"]
	allow = ${allowFile ? "always" : "never"}
[core]
	hooksPath = /dev/null
	symlinks = false
	fsmonitor = false
	askPass = true
	sshCommand = ssh -o BatchMode=yes -o ConnectTimeout=20
	quotePath = false
[transfer]
	fsckObjects = true
	credentialsInUrl = allow
[fetch]
	recurseSubmodules = false
	showForcedUpdates = false
[submodule]
	recurse = false
[gc]
	autoDetach = false
[maintenance]
	auto = false
[safe]
	directory = *
[init]
	templateDir =
	defaultBranch = main
[http]
	followRedirects = initial
	lowSpeedLimit = 1000
	lowSpeedTime = 60
`;
}

export interface GitSettings {
  readonly stateDir: string;
  /** The whole environment of a git process. */
  readonly env: Readonly<Record<string, string>>;
}

/** What our processes may take over from the environment. */
const INHERITED = ["PATH", "HOME", "SSH_AUTH_SOCK", "TMPDIR", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE"] as const;

/** Environment of a git process that reads no configuration but the given file ("/dev/null" for none). */
export function gitEnvironment(configFile: string, environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const env: Record<string, string> = {
    LC_ALL: "C",
    GIT_CONFIG_GLOBAL: configFile,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_NO_LAZY_FETCH: "1",
  };
  for (const name of INHERITED) {
    const value = environment[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** Writes our git configuration below `stateDir`. */
export async function prepareGitSettings(
  stateDir: string,
  allowFile: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<GitSettings> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const configFile = join(stateDir, "gitconfig");
  await writeFile(configFile, configText(allowFile), { mode: 0o600 });
  return { stateDir, env: gitEnvironment(configFile, environment) };
}
