import type { KubeObject } from "../../../../kube/index.ts";
import { forbidden } from "../../status.ts";
import { objectKey } from "../../storage/entry.ts";
import type { Call } from "../../wire/target.ts";
import { type Amounts, amountsText, minus, only, plus } from "./amounts.ts";
import { type Account, chargeOf, committed, type Ledger } from "./ledger.ts";
import type { PodFields } from "./pod-amounts.ts";
import { PODS, unspecified } from "./usage.ts";

const nothing = (): void => undefined;

function refuse({ target }: Call, object: KubeObject, why: string): never {
  throw forbidden(target.kind, object.metadata.name ?? "", why);
}

function positive(amounts: Amounts): Amounts {
  return new Map([...amounts].filter(([, { nanos }]) => nanos > 0n));
}

/** Throws 403 when a quota has not so much left. */
function checkRoom(call: Call, object: KubeObject, account: Account, wanted: Amounts): void {
  const used = committed(account);
  const total = plus(used, wanted);
  const exceeded = new Set([...wanted.keys()].filter((name) => (total.get(name)?.nanos ?? 0n) > (account.hard.get(name)?.nanos ?? 0n)));
  if (exceeded.size === 0) return;
  const [requested, has, limited] = [wanted, used, account.hard].map((amounts) => amountsText(only(amounts, exceeded)));
  refuse(call, object, `exceeded quota: ${account.name}, requested: ${requested}, used: ${has}, limited: ${limited}`);
}

function checkAsked(call: Call, object: KubeObject, { name, hard }: Account): void {
  const missing = unspecified(object as unknown as PodFields, hard.keys());
  if (missing !== undefined) refuse(call, object, `failed quota: ${name}: ${missing}`);
}

/** The quotas that count an object, each with what it would use of it. */
function charges(ledger: Ledger, call: Call, object: KubeObject): [Account, Amounts][] {
  const { kind, namespace } = call.target;
  return ledger.of(namespace).flatMap((account) => {
    const charge = chargeOf(account, kind.collection, object);
    return charge.size === 0 ? [] : [[account, charge] as [Account, Amounts]];
  });
}

/**
 * Holds what an object that is to be created will use until it is stored, or throws 403. Call what it returns when the creation
 * is over, however it ended. Between this and the store nothing may wait, or two creations would take the same room.
 */
export function holdQuota(ledger: Ledger, call: Call, object: KubeObject): () => void {
  const { kind, namespace } = call.target;
  if (ledger.of(namespace).length === 0) return nothing;
  const key = objectKey(kind.collection, namespace, object.metadata.name ?? "");
  const found = charges(ledger, call, object);
  for (const [account] of found) if (kind.collection === PODS) checkAsked(call, object, account);
  for (const [account, charge] of found) checkRoom(call, object, account, positive(charge));
  // Where somebody else creates the same object already, at most one of the two will be there.
  const own = found.filter(([{ held }]) => !held.has(key));
  for (const [{ held }, charge] of own) held.set(key, charge);
  return () => {
    for (const [{ held }, charge] of own) if (held.get(key) === charge) held.delete(key);
  };
}

/** Throws 403 when an update of a Service would use more than is left. Other kinds never use more than when they were made. */
export function checkGrowth(ledger: Ledger, call: Call, object: KubeObject, live: KubeObject): void {
  const { kind, subresource, namespace } = call.target;
  if (kind.collection !== "/services" || subresource !== "" || ledger.of(namespace).length === 0) return;
  for (const [account, charge] of charges(ledger, call, object)) {
    const growth = positive(minus(charge, chargeOf(account, kind.collection, live)));
    if (growth.size > 0) checkRoom(call, object, account, growth);
  }
}
