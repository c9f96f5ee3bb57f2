/** The environment of a container, and what of it the launcher must not see. */
export interface LaunchedEnvironment {
  readonly env: Readonly<Record<string, string>>;
  readonly oddNames: readonly (readonly [string, string])[];
}

const PLAIN_NAME = /^[A-Za-z_]\w*$/;
/** Variables with which a loader, a C library or a shell runs somebody's code: the launcher, which has more rights than the container, must not see them. */
const OF_THE_LOADER = /^(LD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*|LIBMOUNT_.*|ENV|BASH_ENV|BASHOPTS|SHELLOPTS|PS4|IFS|CDPATH)$/;

export function launchedEnvironment(env: Readonly<Record<string, string>>): LaunchedEnvironment {
  return { env, oddNames: Object.entries(env).filter(([name]) => !PLAIN_NAME.test(name) || OF_THE_LOADER.test(name)) };
}

/** What the launcher is started with: everything but what it must not see. */
export function launcherEnvironment({ env, oddNames }: LaunchedEnvironment): Readonly<Record<string, string>> {
  const odd = new Set(oddNames.map(([name]) => name));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !odd.has(name)));
}
