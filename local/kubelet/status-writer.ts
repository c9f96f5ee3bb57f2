import { type Clock, jsonEqual, type Logger, messageOf, sleep } from "../../base/index.ts";
import { ApiError, isNotFound, Kinds, type ObjectClient } from "../../kube/index.ts";
import type { Pod, PodStatus } from "./pod-shapes.ts";

export interface StatusWriter {
  /** Writes this status as soon as the write before it is through; a newer one takes its place meanwhile. */
  write(pod: Pod, status: PodStatus): void;
  /** Resolves when nothing of this pod is left to write. */
  flushed(uid: string): Promise<void>;
  /** The pod is gone. */
  forget(uid: string): void;
  /** No more retries: this program ends. */
  close(): void;
}

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;
const FIELDS = ["reason", "message", "initContainerStatuses"];

/** One writer for all pods; per pod one write at a time. Trouble is retried until it passes or the pod is gone. */
export function statusWriter(client: ObjectClient, clock: Clock, logger: Logger): StatusWriter {
  const pending = new Map<string, { pod: Pod; status: PodStatus }>();
  const working = new Map<string, Promise<void>>();
  const written = new Map<string, PodStatus>();
  let closed = false;

  async function drain(uid: string): Promise<void> {
    for (let failures = 0; ;) {
      const next = pending.get(uid);
      pending.delete(uid);
      if (!next) return;
      try {
        await send(next.pod, next.status);
        failures = 0;
      } catch (thrown) {
        if (closed || isNotFound(thrown) || isOtherPod(thrown)) return void pending.delete(uid);
        failures += 1;
        if (!pending.has(uid)) pending.set(uid, next);
        logger[failures === 5 ? "error" : "debug"]("pod status not written", { pod: next.pod.metadata.name, error: messageOf(thrown) });
        await sleep(clock, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures));
      }
    }
  }

  /** A merge patch with the uid, so that a pod of the same name that came later is never touched. */
  async function send(pod: Pod, status: PodStatus): Promise<void> {
    const { name = "", namespace, uid } = pod.metadata;
    const cleared = Object.fromEntries(FIELDS.filter((field) => !(field in status)).map((field) => [field, null]));
    await client.patch(
      Kinds.Pod,
      { namespace, name },
      { type: "merge", body: { metadata: { uid }, status: { ...cleared, ...status } } },
      { subresource: "status" },
    );
  }

  return {
    write(pod, status) {
      const uid = pod.metadata.uid ?? "";
      if (jsonEqual(written.get(uid), status)) return;
      written.set(uid, status);
      pending.set(uid, { pod, status });
      if (working.has(uid)) return;
      const work = drain(uid).finally(() => working.delete(uid));
      working.set(uid, work);
    },
    async flushed(uid) {
      await working.get(uid);
    },
    forget(uid) {
      written.delete(uid);
      pending.delete(uid);
    },
    close() {
      closed = true;
    },
  };
}

/** The uid in the patch did not match: that pod is gone and another has its name. */
const isOtherPod = (thrown: unknown): boolean => thrown instanceof ApiError && (thrown.code === 409 || thrown.code === 422) && /uid/i.test(thrown.message);
