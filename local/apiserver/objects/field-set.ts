/**
 * A set of field paths. An element of a path is its FieldsV1 text: `f:name` (a field), `k:{"name":"a"}` (an item of a
 * list with keys), `v:"x"` (an item of a set), `i:0` (an index). Sets are values: every operation makes a new one.
 */
export interface FieldSet {
  /** Elements at which a path of the set ends. */
  readonly members: ReadonlySet<string>;
  /** Elements through which longer paths go; never an empty set. */
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const EMPTY: FieldSet = { members: new Set(), children: new Map() };

/** A set under construction. */
export interface Builder {
  readonly members: Set<string>;
  readonly children: Map<string, Builder>;
}

export const newBuilder = (): Builder => ({ members: new Set(), children: new Map() });

/** Adds a path; the empty path is nobody's and is left out. */
export function insert(builder: Builder, path: readonly string[]): void {
  const last = path.at(-1);
  if (last === undefined) return;
  let at = builder;
  for (const element of path.slice(0, -1)) {
    let next = at.children.get(element);
    if (!next) at.children.set(element, (next = newBuilder()));
    at = next;
  }
  at.members.add(last);
}

export function setOf(...paths: readonly (readonly string[])[]): FieldSet {
  const builder = newBuilder();
  for (const path of paths) insert(builder, path);
  return builder;
}

export function isEmpty(set: FieldSet): boolean {
  return set.members.size === 0 && set.children.size === 0;
}

export function has(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path.slice(0, -1)) at = at?.children.get(element);
  const last = path.at(-1);
  return last !== undefined && at !== undefined && at.members.has(last);
}

/** The part below an element; undefined when nothing is there. */
export function below(set: FieldSet, element: string): FieldSet | undefined {
  return set.children.get(element);
}

/** The children that `change` leaves something of. */
function changed(set: FieldSet, change: (element: string, child: FieldSet) => FieldSet | undefined): Map<string, FieldSet> {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const result = change(element, child);
    if (result && !isEmpty(result)) children.set(element, result);
  }
  return children;
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(left)) return right;
  if (isEmpty(right)) return left;
  const children = new Map(left.children);
  for (const [element, child] of right.children) {
    const own = children.get(element);
    children.set(element, own ? union(own, child) : child);
  }
  return { members: new Set([...left.members, ...right.members]), children };
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  return {
    members: new Set([...left.members].filter((element) => right.members.has(element))),
    children: changed(left, (element, child) => {
      const other = right.children.get(element);
      return other && intersection(child, other);
    }),
  };
}

/** What is in left and not in right. A parent in right takes nothing away below it. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  return {
    members: new Set([...left.members].filter((element) => !right.members.has(element))),
    children: changed(left, (element, child) => {
      const other = right.children.get(element);
      return other ? difference(child, other) : child;
    }),
  };
}

/** As `difference`, and a parent in right takes everything below it away too. */
export function without(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(right)) return left;
  return {
    members: new Set([...left.members].filter((element) => !right.members.has(element))),
    children: changed(left, (element, child) => {
      if (right.members.has(element)) return undefined;
      const other = right.children.get(element);
      return other ? without(child, other) : child;
    }),
  };
}

/** Calls back for every path, parents first. */
export function forEachPath(set: FieldSet, visit: (path: readonly string[]) => void, prefix: readonly string[] = []): void {
  for (const element of [...set.members].sort()) visit([...prefix, element]);
  for (const element of [...set.children.keys()].sort()) {
    const child = set.children.get(element);
    if (child) forEachPath(child, visit, [...prefix, element]);
  }
}
