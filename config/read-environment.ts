import { type Settings, settingsOfText } from "./settings-of-text.ts";

const PREFIX = "FLYTEOPS_";

/**
 * Settings of the environment: `FLYTEOPS_SECTION__KEY`, a double underscore for every dot. Other variables that begin like it (the
 * contract of a task, the addresses Kubernetes announces) have no double underscore and are not ours to judge.
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  const found = Object.entries(environment)
    .filter(([name, value]) => value !== undefined && name.startsWith(PREFIX) && name.includes("__"))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => settingsOfText(name.slice(PREFIX.length).toLowerCase().split("__"), value ?? "", name));
  return { settings: found.flatMap(({ settings }) => settings), problems: found.flatMap(({ problems }) => problems) };
}

/** The environment variable of a key. */
export function environmentName(path: readonly string[]): string {
  return PREFIX + path.map((step) => step.toUpperCase().replaceAll("-", "_")).join("__");
}
