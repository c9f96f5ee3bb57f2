import type { JsonSchema } from "../../../schema/structural/index.ts";
import { MessageWriter } from "../wire/protobuf-writer.ts";
import type { Swagger, SwaggerOperation } from "./open-api-v2.ts";

type Schema = JsonSchema & { readonly $ref?: string };

const writer = (): MessageWriter => new MessageWriter();

/** Any value, as the YAML text that JSON is too. */
function any(value: unknown): MessageWriter | undefined {
  return value === undefined ? undefined : writer().text(2, JSON.stringify(value));
}

function named(name: string, value: MessageWriter): MessageWriter {
  return writer().text(1, name).message(2, value);
}

function extensions(source: object): MessageWriter[] {
  const found = Object.entries(source).filter(([key, value]) => key.startsWith("x-") && value !== undefined);
  return found.map(([key, value]) => named(key, any(value) ?? writer()));
}

function additional(schema: Schema["additionalProperties"]): MessageWriter | undefined {
  if (schema === undefined) return undefined;
  return typeof schema === "boolean" ? writer().flag(2, schema) : writer().message(1, schemaMessage(schema));
}

function bounds(message: MessageWriter, schema: Schema): MessageWriter {
  return message
    .double(6, schema.multipleOf)
    .double(7, schema.maximum)
    .flag(8, schema.exclusiveMaximum)
    .double(9, schema.minimum)
    .flag(10, schema.exclusiveMinimum)
    .integer(11, schema.maxLength)
    .integer(12, schema.minLength)
    .text(13, schema.pattern)
    .integer(14, schema.maxItems)
    .integer(15, schema.minItems)
    .flag(16, schema.uniqueItems)
    .integer(17, schema.maxProperties)
    .integer(18, schema.minProperties);
}

function properties(schema: Schema): MessageWriter | undefined {
  if (!schema.properties) return undefined;
  return writer().messages(
    1,
    Object.entries(schema.properties).map(([name, child]) => named(name, schemaMessage(child))),
  );
}

function schemaMessage(schema: Schema): MessageWriter {
  const head = writer().text(1, schema.$ref).text(2, schema.format).text(3, schema.title).text(4, schema.description).message(5, any(schema.default));
  return bounds(head, schema)
    .texts(19, schema.required)
    .messages(
      20,
      (schema.enum ?? []).map((value) => any(value) ?? writer()),
    )
    .message(21, additional(schema.additionalProperties))
    .message(22, schema.type === undefined ? undefined : writer().text(1, schema.type))
    .message(23, schema.items && writer().message(1, schemaMessage(schema.items)))
    .messages(24, (schema.allOf ?? []).map(schemaMessage))
    .message(25, properties(schema))
    .messages(31, extensions(schema));
}

function parameter({ name, in: where, type, description }: SwaggerOperation["parameters"][number]): MessageWriter {
  const query = writer().text(2, where).text(3, description).text(4, name).text(6, type);
  return writer().message(1, writer().message(2, writer().message(3, query)));
}

function operation(source: SwaggerOperation): MessageWriter {
  const ok = named("200", writer().message(1, writer().text(1, "OK")));
  return writer()
    .text(3, source.description)
    .text(5, source.operationId)
    .messages(8, source.parameters.map(parameter))
    .message(9, writer().message(1, ok))
    .messages(13, extensions(source.extensions));
}

const METHOD_FIELDS: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

function pathItem(item: Readonly<Record<string, SwaggerOperation>>): MessageWriter {
  const message = writer();
  for (const [method, source] of Object.entries(item)) message.message(METHOD_FIELDS[method] ?? 2, operation(source));
  return message;
}

/** The document in the protobuf form that kubectl reads (gnostic's OpenAPI 2 `Document`). */
export function swaggerProtobuf({ swagger, info, paths, definitions }: Swagger): Buffer {
  return writer()
    .text(1, swagger)
    .message(2, writer().text(1, info.title).text(2, info.version))
    .message(
      8,
      writer().messages(
        2,
        Object.entries(paths).map(([path, item]) => named(path, pathItem(item))),
      ),
    )
    .message(
      9,
      writer().messages(
        1,
        Object.entries(definitions).map(([name, schema]) => named(name, schemaMessage(schema))),
      ),
    )
    .finish();
}
