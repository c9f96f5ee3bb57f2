import { isIP, isIPv4, isIPv6 } from "node:net";

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$/;
const GO_DURATION = /^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$/;
const WORD_DURATION =
  /\d+\s*(ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)(?![A-Za-z])/i;
const HOSTNAME =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;
const EMAIL = /^(?:[^<>@"\s(),:;[\]\\]+|"[^"\\]*")@[^<>@"\s(),:;]+$|^[^<>@]*<[^<>@"\s(),:;[\]\\]+@[^<>@"\s(),:;]+>$/;
const CREDIT_CARD =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const CHANNEL = "(25[0-5]|2[0-4]\\d|1\\d\\d|\\d\\d?)";
const SHORT_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LONG_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function isDate(text: string): boolean {
  const parts = DATE.exec(text);
  if (!parts) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

function isDateTime(text: string): boolean {
  const [date = "", time = ""] = text.toLowerCase().split("t");
  const parts = TIME.exec(time);
  return isDate(date) && parts !== null && Number(parts[1]) <= 23 && Number(parts[2]) <= 59 && Number(parts[3]) <= 59;
}

function isHostname(text: string): boolean {
  return text.length <= 255 && HOSTNAME.test(text) && text.split(".").every((label) => label.length <= 63);
}

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  const version = isIP(address);
  return version !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}

function isRequestUri(text: string): boolean {
  if (text.startsWith("/")) return !/[\x00-\x20\x7f]/.test(text);
  return URL.canParse(text) && /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) && !/[\x00-\x20\x7f]/.test(text);
}

function checksum(digits: string, weightOf: (index: number) => number): number {
  return [...digits].reduce((sum, digit, index) => sum + weightOf(index) * (digit === "X" ? 10 : Number(digit)), 0);
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, "");
  return /^[0-9]{9}[0-9X]$/.test(digits) && checksum(digits, (index) => 10 - index) % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, "");
  return /^[0-9]{13}$/.test(digits) && checksum(digits, (index) => (index % 2 === 0 ? 1 : 3)) % 10 === 0;
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, "");
  if (!CREDIT_CARD.test(digits)) return false;
  const doubled = [...digits].reverse().map((digit, index) => (index % 2 === 0 ? Number(digit) : Number(digit) * 2));
  return doubled.reduce((sum, value) => sum + (value > 9 ? value - 9 : value), 0) % 10 === 0;
}

const uuid = (third: string, fourth: string): RegExp => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, "i");
const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);

/** Formats that the API server checks, by name without hyphens; every other format means nothing. */
const STRING_FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: matches(/^[0-9a-f]{24}$/i),
  uri: isRequestUri,
  email: matches(EMAIL),
  hostname: isHostname,
  ipv4: (text) => isIPv4(text.replace(/\b0+(?=\d)/g, "")) || (isIPv6(text) && text.includes(".")),
  ipv6: isIPv6,
  cidr: isCidr,
  mac: matches(/^([0-9a-f]{2}([:-]))([0-9a-f]{2}\2){4,18}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2,9}[0-9a-f]{4}$|^([0-9a-f]{12}|[0-9a-f]{16}|[0-9a-f]{40})$/i),
  uuid: matches(uuid("[0-9a-f]{4}", "[0-9a-f]{4}")),
  uuid3: matches(uuid("3[0-9a-f]{3}", "[0-9a-f]{4}")),
  uuid4: matches(uuid("4[0-9a-f]{3}", "[89ab][0-9a-f]{3}")),
  uuid5: matches(uuid("5[0-9a-f]{3}", "[89ab][0-9a-f]{3}")),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: matches(new RegExp(`^rgb\\(\\s*${CHANNEL}\\s*,\\s*${CHANNEL}\\s*,\\s*${CHANNEL}\\s*\\)$`)),
  byte: matches(BASE64),
  password: () => true,
  date: isDate,
  duration: (text) => GO_DURATION.test(text) || WORD_DURATION.test(text),
  datetime: isDateTime,
  k8sshortname: matches(SHORT_NAME),
  k8slongname: (text) => text.length <= 253 && LONG_NAME.test(text),
};

const NUMBER_FORMATS: Readonly<Record<string, readonly string[]>> = { integer: ["int32", "int64"], number: ["float", "double"] };

/** The format of a schema, or "" when the server does not know it for that type and therefore ignores it. */
export function effectiveFormat(types: readonly string[], format: string | undefined): string {
  if (!format) return "";
  const type = types.length === 1 ? (types[0] ?? "") : "";
  if (type === "" || type === "string") return Object.hasOwn(STRING_FORMATS, format.replaceAll("-", "")) ? format : "";
  return NUMBER_FORMATS[type]?.includes(format) ? format : "";
}

/** The check of a string format, or undefined when a string may be anything. */
export function stringFormat(format: string): ((text: string) => boolean) | undefined {
  const name = format.replaceAll("-", "");
  return Object.hasOwn(STRING_FORMATS, name) ? STRING_FORMATS[name] : undefined;
}
