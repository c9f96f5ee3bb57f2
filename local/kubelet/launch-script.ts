/** Absolute paths of the programs the launcher needs. */
export interface LaunchTools {
  readonly sh: string;
  readonly unshare: string;
  readonly mount: string;
  readonly umount: string;
  readonly pivotRoot: string;
  readonly cp: string;
  readonly nsenter: string;
  readonly setpriv?: string;
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * The script that becomes a container: first process of a new process and mount namespace, it builds the file system,
 * then turns into the user's program (same process). Arguments: mount point, plan directory, fstab of the volumes,
 * working directory, `cgroup.procs` file or "", and the program with its arguments. On standard error it writes `pid N`
 * (as the host counts), then `ready`, or what went wrong; the container's own standard error is descriptor 3 until then.
 */
export function launchScript(tools: LaunchTools): string {
  const mount = `${quote(tools.mount)} -n`;
  return `set -eu
read -r pid rest </proc/self/stat
echo "pid $pid" >&2
[ -z "$5" ] || echo 0 >"$5"
${mount} -t tmpfs -o mode=755 flyteops "$1"
${quote(tools.cp)} -a "$2/tree/." "$1/"
${mount} -a -T "$2/fstab" 2>/dev/null || :
${mount} -t proc -o nosuid,nodev,noexec proc "$1/proc" 2>/dev/null || ${mount} --rbind /proc "$1/proc"
[ ! -s "$3" ] || ${mount} -a -T "$3"
cd "$1"
${quote(tools.pivotRoot)} . .host
${quote(tools.umount)} -n -l /.host
cd "$4"
shift 5
unset PWD OLDPWD
echo ready >&2
exec 2>&3 3>&-
exec "$@"
`;
}

/** One line of an fstab; white space in a path is escaped as fstab(5) says. */
export function fstabLine(source: string, target: string, options: string): string {
  const escape = (path: string) => path.replace(/[\\\s#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return `${escape(source)} ${escape(target)} none ${options} 0 0\n`;
}
