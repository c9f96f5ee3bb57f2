import { jsonEqual } from "../../../../base/index.ts";
import type { KubeObject } from "../../../../kube/index.ts";
import type { Entry, StoredEvent } from "../../storage/entry.ts";
import type { Store } from "../../storage/store.ts";
import { type Amounts, amountsOf, minus, NOTHING, only, plus, ZERO } from "./amounts.ts";
import type { PodFields } from "./pod-amounts.ts";
import { inScopes, type Scope, type Scoped, scopesOf } from "./scopes.ts";
import { collectionOf, PODS, usageOf } from "./usage.ts";

export const QUOTAS = "/resourcequotas";

/** One ResourceQuota and what is used of it, as the store has it at this moment. */
export interface Account {
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  readonly spec: unknown;
  readonly hard: Amounts;
  readonly scopes: readonly Scope[];
  readonly collections: ReadonlySet<string>;
  used: Amounts;
  /** What creations under way will use, by the key of their object. */
  readonly held: Map<string, Amounts>;
}

/** What every quota of every namespace has used, counted along with each change instead of over and over. */
export interface Ledger {
  /** The quotas of a namespace, in order of their names. */
  of(namespace: string): readonly Account[];
  /** Called with an account whenever it or what is used of it may have changed. Returns nothing: there is one listener. */
  onChange(act: (account: Account) => void): void;
}

const NONE: readonly Account[] = [];

/** What an object uses of one quota: nothing when the quota does not count it. */
export function chargeOf({ hard, scopes, collections }: Account, collection: string, object: KubeObject): Amounts {
  if (!collections.has(collection)) return NOTHING;
  if (!inScopes(scopes, collection === PODS ? (object as unknown as PodFields) : undefined)) return NOTHING;
  return only(usageOf(collection, object), hard);
}

/** Used and held together. */
export function committed({ used, held }: Account): Amounts {
  let total = used;
  for (const amounts of held.values()) total = plus(total, amounts);
  return total;
}

function openAccount({ key, name, namespace, object }: Entry): Account {
  const spec = (object["spec"] ?? {}) as Scoped & { hard?: Record<string, unknown> };
  const hard = amountsOf(spec.hard);
  const collections = new Set([...hard.keys()].map(collectionOf).filter((collection) => collection !== undefined));
  return { key, name, namespace, spec, hard, scopes: scopesOf(spec), collections, used: NOTHING, held: new Map() };
}

function counted(store: Store, account: Account): Amounts {
  let used: Amounts = new Map([...account.hard.keys()].map((name) => [name, ZERO]));
  for (const collection of account.collections)
    for (const { object } of store.list(collection, account.namespace)) used = plus(used, chargeOf(account, collection, object));
  return used;
}

export function quotaLedger(store: Store): Ledger {
  const namespaces = new Map<string, Account[]>();
  const followed = new Set<string>();
  let changed: (account: Account) => void = () => undefined;

  function count({ type, entry, previous }: StoredEvent): void {
    for (const account of namespaces.get(entry.namespace) ?? NONE) {
      if (!account.collections.has(entry.collection)) continue;
      if (type === "ADDED") account.held.delete(entry.key);
      const now = type === "DELETED" ? NOTHING : chargeOf(account, entry.collection, entry.object);
      const before = previous ? chargeOf(account, entry.collection, previous.object) : NOTHING;
      account.used = minus(plus(account.used, now), before);
      changed(account);
    }
  }

  function follow(account: Account): void {
    for (const collection of account.collections) {
      if (followed.has(collection)) continue;
      followed.add(collection);
      store.subscribe(collection, count);
    }
  }

  function open(entry: Entry): void {
    const others = (namespaces.get(entry.namespace) ?? []).filter(({ key }) => key !== entry.key);
    const account = openAccount(entry);
    follow(account);
    account.used = counted(store, account);
    namespaces.set(
      entry.namespace,
      [...others, account].sort((left, right) => (left.name < right.name ? -1 : 1)),
    );
    changed(account);
  }

  function close({ key, namespace }: Entry): void {
    const left = (namespaces.get(namespace) ?? []).filter((account) => account.key !== key);
    if (left.length === 0) namespaces.delete(namespace);
    else namespaces.set(namespace, left);
  }

  for (const entry of store.list(QUOTAS, "")) open(entry);
  store.subscribe(QUOTAS, ({ type, entry }) => {
    if (type === "DELETED") return close(entry);
    const known = namespaces.get(entry.namespace)?.find(({ key }) => key === entry.key);
    if (known && jsonEqual(known.spec, entry.object["spec"] ?? {})) changed(known);
    else open(entry);
  });
  return {
    of: (namespace) => namespaces.get(namespace) ?? NONE,
    onChange(act) {
      changed = act;
      for (const accounts of namespaces.values()) for (const account of accounts) act(account);
    },
  };
}
