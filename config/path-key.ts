import { string } from "../schema/index.ts";

/** An absolute path of the machine or the container. Secrets are told by such files only. */
export const path = () => string({ maxLength: 4096, pattern: "^/[^\\x00]*$", expects: "an absolute path such as /etc/flyteops/secrets/password" });
