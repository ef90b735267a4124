import * as z from 'zod';
import { healthSchema } from './health.js';
import { messageKeySchema } from './message-key.js';
import { documentSchema } from './message-schemas.js';
import type { Answer, Parameter, Route } from './route.js';
import type { HttpRoutesState } from './state.js';
import { statisticsSchema } from './statistics.js';

const schemas: Readonly<Record<NonNullable<Answer['schema']>, z.ZodType>> = {
  Statistics: statisticsSchema,
  Health: healthSchema,
  MessageKey: messageKeySchema,
  Error: z.object({ error: z.string().describe('A sentence for people.') }).describe('Why the request was refused.'),
};

/** Answers that every route may give. */
const REFUSALS = {
  403: 'The `Host` header names a host that is not served, or the client does not have the permission.',
  405: 'The method is neither GET nor HEAD.',
  500: 'The server failed; the cause is in its log.',
} as const;

/** The HTTP routes as an OpenAPI 3.1 document. */
export function openApi(state: HttpRoutesState, routes: readonly Route[]): object {
  const documented = routes.filter(isDocumented);
  const used = new Set(['Error', ...documented.flatMap(({ answers }) => answers.map(({ schema }) => schema))]);
  const paths = documented.map((route) => {
    const item = { get: operation(route, 'get'), head: operation(route, 'head') };
    // The endpoint keeps its path if the routes are mounted below a prefix.
    return [route.path, route.path === state.path ? { servers: [{ url: '/' }], ...item } : item] as const;
  });
  return {
    openapi: '3.1.0',
    info: {
      title: 'agent-ws over HTTP',
      version: state.info.version,
      description: 'What is beside the WebSocket endpoint. / WebSocket 端点之外的 HTTP 接口。',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '..', description: 'Where this document is mounted.' }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries(
        Object.entries(schemas)
          .filter(([name]) => used.has(name))
          .map(([name, schema]) => [name, documentSchema(schema, { target: 'draft-2020-12' })]),
      ),
    },
  };
}

type DocumentedRoute = Route & Required<Pick<Route, 'summary' | 'answers'>>;

/** Files of a page are not documented. */
export function isDocumented(route: Route): route is DocumentedRoute {
  return route.summary !== undefined && route.answers !== undefined;
}

function operation(route: DocumentedRoute, method: 'get' | 'head'): object {
  const refusals = Object.entries(REFUSALS).map(([status, meaning]) => ({
    status: Number(status),
    meaning,
    type: 'application/json' as const,
    schema: 'Error' as const,
  }));
  const responses = [...route.answers, ...refusals].map(({ status, meaning, type, schema }) => [
    status,
    {
      description: meaning,
      ...(method === 'get' && { content: { [type]: { schema: reference(schema) } } }),
    },
  ]);
  return {
    operationId: `${method}_${route.path.replace(/\W+/g, '_').replace(/^_|_$/g, '')}`,
    summary: route.summary.en,
    'x-summary-zh': route.summary.zh,
    ...(route.parameters !== undefined && { parameters: route.parameters.map(parameter) }),
    responses: Object.fromEntries(responses) as Record<string, object>,
  };
}

function parameter({ name, meaning, values }: Parameter): object {
  return { name, in: 'query', description: meaning, required: false, schema: { type: 'string', enum: [...values] } };
}

function reference(schema: Answer['schema']): object {
  return schema === undefined ? { type: 'string' } : { $ref: `#/components/schemas/${schema}` };
}
