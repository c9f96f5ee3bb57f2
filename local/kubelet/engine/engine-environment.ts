/** How the environment of a container reaches the engine. */
export interface EngineEnvironment {
  readonly args: readonly string[];
  /** For the engine's program itself, which hands these on by name: command lines can be read by everybody on a machine, environments cannot. */
  readonly values: Readonly<Record<string, string>>;
}

/** What the engine's program takes as instructions to itself, and what a name with a wildcard would do. */
const OF_THE_PROGRAM =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|LANG|LC_.*|TERM|HOSTNAME|DOCKER_.*|BUILDKIT_.*|COMPOSE_.*|_?CONTAINERS?_.*|PODMAN_.*|BUILDAH_.*|STORAGE_.*|REGISTRY_.*|XDG_.*|DBUS_.*|SSH_.*|GNUPG.*|GO[A-Z]*|LD_.*|GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*|SSL_CERT_.*|(HTTPS?|ALL|NO|FTP)_PROXY|NOTIFY_SOCKET|LISTEN_.*)$/i;
const PLAIN_NAME = /^[A-Za-z_]\w*$/;

/** Each variable by name where that is possible, else written out. */
export function engineEnvironment(env: ReadonlyMap<string, string>): EngineEnvironment {
  const entries = [...env];
  const byName = ([name]: readonly [string, string]) => PLAIN_NAME.test(name) && !OF_THE_PROGRAM.test(name);
  return {
    args: entries.flatMap((entry) => ["--env", byName(entry) ? entry[0] : `${entry[0]}=${entry[1]}`]),
    values: Object.fromEntries(entries.filter(byName)),
  };
}
