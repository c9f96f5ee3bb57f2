import { registerInstall } from "../cli/commands/install.ts";
import { registerUninstall } from "../cli/commands/uninstall.ts";
import type { Registry } from "../cli/index.ts";

/** The commands about an installation in a cluster. */
export function registerInstallation(registry: Registry): void {
  registerInstall(registry);
  registerUninstall(registry);
}
