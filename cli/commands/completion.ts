import type { Command } from "commander";
import { addCommand, type Registry } from "../command.ts";
import { EXIT, UserError } from "../context.ts";

const KINDS = "runs workflows tasks triggers taskactions projects projectquotas gitsyncs apps pods events";
/** Commands whose first argument is a run. */
const OF_RUNS = ["tree", "logs", "abort", "outputs", "wait", "why"];

function flagsOf(command: Command): string {
  return command.options
    .flatMap((option) => [option.long, option.short])
    .filter(Boolean)
    .join(" ");
}

function bash(program: Command): string {
  const commands = program.commands.map((command) => command.name());
  const cases = program.commands.map((command) => `    ${command.name()}) flags="${flagsOf(command)}" ;;`).join("\n");
  return `# bash completion of flyteops: source <(flyteops completion bash)
_flyteops() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} flags=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "${commands.join(" ")}" -- "$word")); return; fi
  case "$command" in
${cases}
  esac
  case "$word" in -*) COMPREPLY=($(compgen -W "$flags" -- "$word")); return ;; esac
  case "$command" in
    get|describe) if [ "$COMP_CWORD" -eq 2 ]; then COMPREPLY=($(compgen -W "${KINDS}" -- "$word")); else COMPREPLY=($(compgen -W "$(flyteops get "\${COMP_WORDS[2]}" -A -o name 2>/dev/null | sed 's|.*/||')" -- "$word")); fi ;;
    ${OF_RUNS.join("|")}) COMPREPLY=($(compgen -W "$(flyteops get runs -A -o name 2>/dev/null | sed 's|.*/||')" -- "$word")) ;;
    run) COMPREPLY=($(compgen -W "$(flyteops get workflows -A -o name 2>/dev/null | sed 's|.*/||') $(flyteops get tasks -A -o name 2>/dev/null | sed 's|.*/||')" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -F _flyteops flyteops
`;
}

function zsh(program: Command): string {
  return `#compdef flyteops
# zsh completion of flyteops: source <(flyteops completion zsh)
autoload -U +X bashcompinit && bashcompinit
${bash(program)}`;
}

function fish(program: Command): string {
  const top = program.commands.map(
    (command) => `complete -c flyteops -n __fish_use_subcommand -a ${command.name()} -d '${command.description().replaceAll("'", "")}'`,
  );
  const flags = program.commands.flatMap((command) =>
    command.options
      .filter((option) => option.long)
      .map(
        (option) =>
          `complete -c flyteops -n '__fish_seen_subcommand_from ${command.name()}' -l ${option.long?.slice(2)} -d '${option.description.replaceAll("'", "")}'`,
      ),
  );
  const runs = `complete -c flyteops -f -n '__fish_seen_subcommand_from ${OF_RUNS.join(" ")}' -a "(flyteops get runs -A -o name 2>/dev/null | string replace -r '.*/' '')"`;
  const kinds = `complete -c flyteops -f -n '__fish_seen_subcommand_from get describe' -a '${KINDS}'`;
  return `# fish completion of flyteops: flyteops completion fish | source\n${[...top, ...flags, runs, kinds].join("\n")}\n`;
}

const SHELLS: Readonly<Record<string, (program: Command) => string>> = { bash, zsh, fish };

export function registerCompletion(registry: Registry): void {
  addCommand(registry, "completion <shell>", {
    summary: "print a completion script for bash, zsh or fish",
    examples: ["source <(flyteops completion bash)", "flyteops completion fish | source"],
  }).action((shell: string) => {
    const script = SHELLS[shell];
    if (!script) throw new UserError(`no completion for ${shell}`, { exitCode: EXIT.usage, hint: `one of ${Object.keys(SHELLS).join(", ")}` });
    registry.deps.out.write(script(registry.program));
    registry.finish(EXIT.ok);
  });
}
