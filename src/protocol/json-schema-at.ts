/** A JSON Schema, as far as sentences about values need it. */
export type SchemaNode = Readonly<Record<string, unknown>>;

/** The schema of the value at a path; `undefined` if the schema has none, or several. */
export function jsonSchemaAt(schema: SchemaNode | undefined, path: readonly PropertyKey[]): SchemaNode | undefined {
  let node = plain(schema);
  for (const step of path) {
    if (node === undefined) return undefined;
    const { properties, items, prefixItems, additionalProperties } = node;
    if (typeof step === 'number') node = plain((prefixItems as unknown[] | undefined)?.[step] ?? items);
    else node = plain(own(properties, step) ?? additionalProperties);
  }
  return node;
}

function plain(schema: unknown): SchemaNode | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const { anyOf } = schema as SchemaNode;
  if (!Array.isArray(anyOf)) return schema as SchemaNode;
  // `null` as an alternative does not make a second form.
  const forms = (anyOf as SchemaNode[]).filter(({ type }) => type !== 'null');
  return forms.length === 1 ? plain(forms[0]) : undefined;
}

function own(object: unknown, key: PropertyKey): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) return undefined;
  return (object as Record<PropertyKey, unknown>)[key];
}

/** The value at a path; `undefined` if there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(own, value);
}
