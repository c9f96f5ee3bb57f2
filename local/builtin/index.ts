export { type BuiltinDeps, builtinControllers } from "./builtins.ts";
