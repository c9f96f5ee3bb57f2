import type { RunError } from "../../engine/index.ts";
import type { Literal } from "../../proto/index.ts";
import { datetimeLiteral, errorLiteral, integerLiteral, isProblems, noneLiteral, parseDatetime, stringLiteral, structLiteral } from "../../values/index.ts";
import { LABEL } from "../../base/index.ts";
import type { RunContext } from "./context.ts";

function datetime(text: string | undefined): Literal {
  if (text === undefined) return noneLiteral();
  const instant = parseDatetime(text);
  return isProblems(instant) ? noneLiteral() : datetimeLiteral(instant);
}

/** `run.error` and its fields; "" where the run itself failed and no node. */
function errorField(field: string, error: RunError | undefined, type: string): Literal {
  const { code = "", kind = "USER", message = "", node = "", attempt = 1 } = error ?? {};
  switch (field) {
    case "error":
      return type.startsWith("struct") ? structLiteral({ code, kind, message, node, attempt }) : errorLiteral(message, node);
    case "error.attempt":
      return integerLiteral(BigInt(attempt));
    default:
      return stringLiteral({ "error.code": code, "error.kind": kind, "error.message": message, "error.node": node }[field] ?? "");
  }
}

const FIELDS: Readonly<Record<string, (context: RunContext) => Literal>> = {
  name: ({ run }) => stringLiteral(run.metadata.name),
  uid: ({ run }) => stringLiteral(run.metadata.uid),
  project: ({ project }) => stringLiteral(project),
  domain: ({ domain }) => stringLiteral(domain),
  workflow: ({ plan }) => stringLiteral(plan.plan.target.name),
  revision: ({ run }) => stringLiteral(run.status?.plan?.revision ?? ""),
  startTime: ({ run }) => datetime(run.status?.startTime),
  scheduledFor: ({ run }) => datetime(run.status?.scheduledFor),
  trigger: ({ run }) => {
    const trigger = run.metadata.labels?.[LABEL.trigger];
    return trigger === undefined ? noneLiteral() : stringLiteral(trigger);
  },
  attempt: () => integerLiteral(1n),
};

/** What `run.<field>` is for this run. Everything is fixed once the run has begun. */
export function runField(context: RunContext, field: string, error: RunError | undefined, type: string): Literal {
  if (field === "phase") return stringLiteral(error?.code === "TimedOut" ? "TimedOut" : "Failed");
  return FIELDS[field]?.(context) ?? errorField(field, error, type);
}
