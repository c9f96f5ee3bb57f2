/** Writes protobuf messages field by field. Empty texts, false and undefined are left out. */
export class MessageWriter {
  readonly #parts: Buffer[] = [];

  text(number: number, value: string | undefined): this {
    return value === undefined || value === "" ? this : this.bytes(number, Buffer.from(value));
  }

  texts(number: number, values: readonly string[] | undefined): this {
    for (const value of values ?? []) this.bytes(number, Buffer.from(value));
    return this;
  }

  flag(number: number, value: boolean | undefined): this {
    if (value) this.#parts.push(varint(number << 3), varint(1));
    return this;
  }

  integer(number: number, value: number | undefined): this {
    if (value !== undefined) this.#parts.push(varint(number << 3), varint(value));
    return this;
  }

  double(number: number, value: number | undefined): this {
    if (value === undefined) return this;
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#parts.push(varint((number << 3) | 1), bytes);
    return this;
  }

  /** A message inside this one; undefined is left out. */
  message(number: number, value: MessageWriter | undefined): this {
    return value === undefined ? this : this.bytes(number, value.finish());
  }

  messages(number: number, values: readonly MessageWriter[]): this {
    for (const value of values) this.message(number, value);
    return this;
  }

  bytes(number: number, value: Buffer): this {
    this.#parts.push(varint((number << 3) | 2), varint(value.length), value);
    return this;
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  while (left >= 0x80n) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  bytes.push(Number(left));
  return Buffer.from(bytes);
}
