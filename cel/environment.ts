import { Environment } from "@marcbachmann/cel-js";
import { registerLists } from "./functions/lists.ts";
import { registerMath } from "./functions/math.ts";
import { registerStrings } from "./functions/strings.ts";
import { registerTimes } from "./functions/times.ts";

/** Longest expression, in UTF-16 units. */
export const MAX_EXPRESSION_LENGTH = 10_240;

const LIMITS = { maxAstNodes: 2_000, maxDepth: 64, maxListElements: 1_000, maxMapEntries: 1_000, maxCallArguments: 16 } as const;

/** The value of a file, directory or dataset inside an expression. */
export class File {
  readonly uri: string;
  readonly ref: string;
  constructor(uri: string, ref: string) {
    this.uri = uri;
    this.ref = ref;
  }
}

function fullEnvironment(): Environment {
  const environment = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits: LIMITS });
  environment.registerType("File", { ctor: File, fields: { uri: "string" } });
  registerStrings(environment);
  registerLists(environment);
  registerMath(environment);
  registerTimes(environment);
  return environment;
}

let shared: Environment | undefined;

/** An environment with every function we support and no variable. Cloning is cheap; building is not, so it is built once. */
export function newEnvironment(): Environment {
  shared ??= fullEnvironment();
  return shared.clone();
}
