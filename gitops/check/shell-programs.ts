import { basename } from "node:path";
import type { JsonObject } from "../../base/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import { type Complaint, warning } from "./candidate.ts";

interface TaskLike {
  readonly inputs?: JsonObject;
  readonly container?: { readonly command?: readonly unknown[]; readonly args?: readonly unknown[] };
}

/** Programs that read their program text from an argument, and the option before it. */
const INTERPRETERS: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(["sh", "bash", "dash", "zsh", "ash", "ksh"].map((shell) => [shell, /^-[a-z]*c$/])),
  ...Object.fromEntries(["python", "python3"].map((python) => [python, /^-c$/])),
  ...Object.fromEntries(["node", "perl", "ruby"].map((program) => [program, /^(-e|-p|--eval|--print)$/])),
};

/** Types whose text somebody else may choose freely; a number, an enum or a path is harmless in quotes. */
const FREE_TEXT = /^(string|struct|any|list<string>|map<string>)/;

function typeOf(declared: unknown): string {
  if (typeof declared === "string") return declared;
  const { type } = (declared ?? {}) as { type?: unknown };
  return typeof type === "string" ? type : "";
}

interface Word {
  readonly field: "command" | "args";
  readonly index: number;
  readonly text: string;
}

function wordsOf({ container }: TaskLike): Word[] {
  return (["command", "args"] as const).flatMap((field) => (container?.[field] ?? []).map((text, index) => ({ field, index, text: String(text) })));
}

/** The word that is a program of its own, if the command line has one. */
function programOf(words: readonly Word[]): Word | undefined {
  const option = INTERPRETERS[basename(words[0]?.text ?? "")];
  const at = option ? words.findIndex(({ text }, index) => index > 0 && option.test(text)) : -1;
  return at < 0 ? undefined : words[at + 1];
}

/**
 * An input inside the text of a program is read as program: `sh -c "echo {{.inputs.name}}"` runs what the name says.
 * A warning, because the author may know who gives the value.
 */
export function shellProgramWarnings(object: KubeObject): Complaint[] {
  if (object.kind !== "Task") return [];
  const task = object["spec"] as TaskLike;
  const words = wordsOf(task);
  const program = programOf(words);
  if (!program) return [];
  const names = [...program.text.matchAll(/\{\{\s*\.inputs\.([A-Za-z0-9_]+)\s*\}\}/g)].map(([, name = ""]) => name);
  return [...new Set(names)]
    .filter((name) => FREE_TEXT.test(typeOf(task.inputs?.[name])))
    .map((name) =>
      warning(
        "InputInProgram",
        `the value of ${name} becomes part of the program that ${words[0]?.text} reads, and can change it: read the file $FLYTEOPS_INPUTS/${name} instead, or pass {{.inputs.${name}}} as an argument of its own`,
        ["spec", "container", program.field, program.index],
      ),
    );
}
