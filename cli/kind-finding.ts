import { conditionOf, type Stored } from "../kube/index.ts";
import type { Finding } from "./finding.ts";

/** What to type when a part of an installation is missing or old. */
export const INSTALL = "flyteops install … | kubectl apply --server-side -f -   (or helm upgrade)";

/** The state of the kinds, beyond their being there. */
export function kindFinding(name: string, crd: Stored, version: string): Finding | undefined {
  const subject = `kind ${name}`;
  if (conditionOf(crd, "Established")?.status !== "True")
    return { subject, level: "problem", message: "is not established: the API does not serve it", hint: `kubectl describe crd ${name}` };
  const installed = crd.metadata.labels?.["app.kubernetes.io/version"];
  if (installed === undefined || installed === version) return undefined;
  return { subject, level: "warning", message: `is of version ${installed}; this program is ${version}`, hint: INSTALL };
}
