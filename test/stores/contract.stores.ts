import { randomUUID } from "node:crypto";
import { describeBlobStore } from "../../blobs/store-contract.ts";
import { BACKENDS, backend, closeBackends, storeOn } from "./backends.ts";

const chosen = (process.env["FLYTEOPS_STORES"] ?? BACKENDS.join(",")).split(",");

after(closeBackends);

for (const name of BACKENDS.filter((one) => chosen.includes(one)))
  describeBlobStore(name, async () => ({ store: storeOn(await backend(name), `pre fix/${randomUUID()}`), close: () => Promise.resolve() }), 1_100);
