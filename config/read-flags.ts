import { locate, type Setting } from "./keys.ts";
import { type Settings, settingsOfText, type SourcedProblem } from "./settings-of-text.ts";

/** Settings of the command line: `--section.key value`, `--section.key=value`; a boolean alone is true. */
export function readFlags(args: readonly string[]): Settings {
  const settings: Setting[] = [];
  const problems: SourcedProblem[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? "";
    const [, name = "", given] = /^--([A-Za-z][\w-]*(?:\.[\w-]+)+)(?:=([\s\S]*))?$/.exec(argument) ?? [];
    if (name === "") {
      problems.push({ path: "", message: `${argument} is no option; keys of the configuration are written --section.key value`, source: argument });
      continue;
    }
    const next = args[index + 1];
    const alone = locate(name.split(".")).node?.kind === "boolean" && next !== "true" && next !== "false";
    const text = given ?? (alone ? "true" : next);
    if (given === undefined && !alone) index += 1;
    const read: Settings =
      text === undefined
        ? { settings: [], problems: [{ path: name, message: "a value is missing", source: `--${name}` }] }
        : settingsOfText(name.split("."), text, `--${name}`);
    settings.push(...read.settings);
    problems.push(...read.problems);
  }
  return { settings, problems };
}
