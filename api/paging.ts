import { Code, ConnectError } from "@connectrpc/connect";
import { type Filter, Filter_Function, type ListRequest, Sort_Direction } from "../proto/services/index.ts";

/** What a filter or an order may name: text, a number, or nothing. */
export type Field = string | number | undefined;

/** By the name that Flyte's clients use. */
export type Fields<T> = Readonly<Record<string, (item: T) => Field>>;

export interface Page<T> {
  readonly items: readonly T[];
  /** Of the next page; "" at the end. */
  readonly token: string;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

const invalid = (message: string): ConnectError => new ConnectError(message, Code.InvalidArgument);

/** Where a page starts and how long it is. Throws INVALID_ARGUMENT for a token that no page gave. */
export function windowOf(request: ListRequest | undefined): { readonly offset: number; readonly limit: number } {
  const { limit = 0, token = "" } = request ?? {};
  if (!/^\d{0,9}$/.test(token)) throw invalid(`token ${JSON.stringify(token)}: hand on the token of the last page, or none`);
  return { offset: Number(token), limit: Math.min(MAX_LIMIT, limit > 0 ? limit : DEFAULT_LIMIT) };
}

function compare(left: Field, right: Field): number {
  if (left === right) return 0;
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  return left < right ? -1 : 1;
}

type Test = (found: Field, values: readonly string[]) => boolean;

const order =
  (holds: (sign: number) => boolean): Test =>
  (found, [value = ""]) =>
    found !== undefined && holds(compare(found, typeof found === "number" ? Number(value) : value));

const textOf = (found: Field): string => String(found ?? "");

const TESTS: Partial<Record<Filter_Function, Test>> = {
  [Filter_Function.EQUAL]: (found, [value = ""]) => textOf(found) === value,
  [Filter_Function.NOT_EQUAL]: (found, [value = ""]) => textOf(found) !== value,
  [Filter_Function.GREATER_THAN]: order((sign) => sign > 0),
  [Filter_Function.GREATER_THAN_OR_EQUAL]: order((sign) => sign >= 0),
  [Filter_Function.LESS_THAN]: order((sign) => sign < 0),
  [Filter_Function.LESS_THAN_OR_EQUAL]: order((sign) => sign <= 0),
  [Filter_Function.CONTAINS]: (found, [value = ""]) => textOf(found).includes(value),
  [Filter_Function.CONTAINS_CASE_INSENSITIVE]: (found, [value = ""]) => textOf(found).toLowerCase().includes(value.toLowerCase()),
  [Filter_Function.VALUE_IN]: (found, values) => values.includes(textOf(found)),
  [Filter_Function.ENDS_WITH]: (found, [value = ""]) => textOf(found).endsWith(value),
  [Filter_Function.NOT_ENDS_WITH]: (found, [value = ""]) => !textOf(found).endsWith(value),
};

function fieldNamed<T>(fields: Fields<T>, name: string): (item: T) => Field {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (!field) throw invalid(`there is no field ${JSON.stringify(name)} here; there are ${Object.keys(fields).join(", ")}`);
  return field;
}

function matcher<T>(filter: Filter, fields: Fields<T>, normal: (field: string, value: string) => string): (item: T) => boolean {
  const test = TESTS[filter.function];
  if (!test) throw invalid(`filter function ${Filter_Function[filter.function] ?? filter.function} does not work here`);
  const field = fieldNamed(fields, filter.field);
  const values = filter.values.map((value) => normal(filter.field, value));
  return (item) => test(field(item), values);
}

/**
 * One page of a list: filtered (all filters hold), ordered (newest first unless told), cut.
 * Throws INVALID_ARGUMENT for fields and functions that do not exist.
 * @param normal the form in which a value of a field is compared
 */
export function page<T>(items: readonly T[], request: ListRequest | undefined, fields: Fields<T>, normal = (_field: string, value: string) => value): Page<T> {
  const { offset, limit } = windowOf(request);
  if (request?.rawFilters.length) throw invalid("raw_filters do not work here: use filters");
  const matchers = (request?.filters ?? []).map((filter) => matcher(filter, fields, normal));
  const asked = request?.sortByFields.length ? request.sortByFields : request?.sortBy ? [request.sortBy] : [];
  const orders = asked.map(({ key, direction }) => ({ field: fieldNamed(fields, key), sign: direction === Sort_Direction.ASCENDING ? 1 : -1 }));
  if (orders.length === 0) orders.push({ field: fieldNamed(fields, "created_at"), sign: -1 });
  const found = items.filter((item) => matchers.every((matches) => matches(item)));
  found.sort((left, right) => orders.reduce((sign, by) => sign || by.sign * compare(by.field(left), by.field(right)), 0));
  const next = offset + limit;
  return { items: found.slice(offset, next), token: found.length > next ? String(next) : "" };
}
