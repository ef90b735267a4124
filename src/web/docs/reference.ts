import { type AsyncApi, loadDocument, type Named, readCatalog } from '../catalog.js';
import type { Schema } from '../schema.js';

/** What the page reads of the OpenAPI document. */
interface OpenApi {
  readonly paths: Named<{
    readonly get: {
      readonly summary: string;
      readonly 'x-summary-zh': string;
      readonly responses: Named<{ readonly description: string }>;
    };
  }>;
}

/** What the documents of a server say. */
export type Reference = ReturnType<typeof readReference>;

/** Reads the two documents of the server that this page comes from. */
export async function loadReference(): Promise<Reference> {
  const [asyncApi, openApi] = await Promise.all(['docs/asyncapi.json', 'docs/openapi.json'].map(loadDocument));
  return readReference(asyncApi as AsyncApi, openApi as OpenApi);
}

/** What the page shows of the documents. */
export function readReference(asyncApi: AsyncApi, openApi: OpenApi) {
  return {
    ...readCatalog(asyncApi),
    routes: Object.entries(openApi.paths).map(([path, { get }]) => ({
      path,
      summary: { en: get.summary, zh: get['x-summary-zh'] },
      answers: Object.entries(get.responses).map(([status, { description }]) => ({ status, about: description })),
    })),
  };
}

/** The fields of an object, nested ones after the field that holds them. Paths are dotted, `[]` stands for elements. */
export function fieldsOf(schema: Schema, prefix = ''): { path: string; schema: Schema; isRequired: boolean }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name;
    return [
      { path, schema: field, isRequired: schema.required?.includes(name) ?? false },
      ...fieldsOf(field, `${path}.`),
      ...fieldsOf(field.items ?? {}, `${path}[].`),
    ];
  });
}
