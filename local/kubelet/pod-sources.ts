import { ignoreNotFound, type KindRef, Kinds, type KubeObject, type ObjectClient } from "../../kube/index.ts";
import type { PodSources } from "./environment.ts";

type Texts = Record<string, string> | undefined;

/** ConfigMaps and Secrets as a pod's namespace has them at this moment. */
export function podSources(client: ObjectClient, namespace: string): PodSources {
  const read = (kind: KindRef, name: string): Promise<KubeObject | undefined> => client.get(kind, { namespace, name }).catch(ignoreNotFound);
  return {
    async configMap(name) {
      const object = await read(Kinds.ConfigMap, name);
      return object && new Map([...plain(object["data"] as Texts), ...base64(object["binaryData"] as Texts)]);
    },
    async secret(name) {
      const object = await read(Kinds.Secret, name);
      return object && new Map(base64(object["data"] as Texts));
    },
  };
}

const plain = (data: Texts): [string, Uint8Array][] => Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value)]);
const base64 = (data: Texts): [string, Uint8Array][] => Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]);
