export { flowControl, signalPolicy } from "./cluster-policies.ts";
export { type Context } from "./context.ts";
export { defaultValues, mergeValues, parseValues, type ValuesProblem } from "./effective-values.ts";
export { installation, type InstallationInput, kindManifests, programsOf } from "./installation.ts";
export { MOUNT, NAME, PART_OF, PORT } from "./names.ts";
export { accountsOf, controllersOf, mergedRules, type Needs, roleManifests, tenancyManifests } from "./roles.ts";
export { coreValues, type Flavour, FLAVOURS, singleValues, type Values, valuesShape } from "./values.ts";
