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

/** What `run.<field>` is for this run. Everything is fixed once the run has begun. */
export function runField({ run, plan, project, domain }: RunContext, field: string, error: RunError | undefined, type: string): Literal {
  const trigger = run.metadata.labels?.[LABEL.trigger];
  switch (field) {
    case "name":
      return stringLiteral(run.metadata.name);
    case "uid":
      return stringLiteral(run.metadata.uid);
    case "project":
      return stringLiteral(project);
    case "domain":
      return stringLiteral(domain);
    case "workflow":
      return stringLiteral(plan.plan.target.name);
    case "revision":
      return stringLiteral(run.status?.plan?.revision ?? "");
    case "startTime":
      return datetime(run.status?.startTime);
    case "scheduledFor":
      return datetime(run.status?.scheduledFor);
    case "trigger":
      return trigger === undefined ? noneLiteral() : stringLiteral(trigger);
    case "attempt":
      return integerLiteral(1n);
    case "phase":
      return stringLiteral(error?.code === "TimedOut" ? "TimedOut" : "Failed");
    default:
      return errorField(field, error, type);
  }
}
