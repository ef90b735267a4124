import type { Awaitable } from '../runtime/awaitable.js';
import type { Reply } from './reply.js';

/** A sentence in the two languages of the documents. */
export interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

/** One path that answers GET and HEAD. The documents are made from the same routes that are served. */
export interface Route {
  readonly path: string;
  /** Summary for the documents; absent for files of a page. */
  readonly summary?: Bilingual;
  /** Answers for the documents: status, meaning, media type and JSON Schema of the body. */
  readonly answers?: readonly Answer[];
  /** What a client needs permission for; absent for routes that everybody may have, such as probes. */
  readonly action?: 'statistics' | 'metrics' | 'page';
  /**
   * Whether the route answers under every address: it tells a stranger nothing, and what watches over a process asks by an
   * address that nobody knows before.
   * @default the `Host` must be one that is served
   */
  readonly anyAddress?: true;
  /** Parameters of the query, for the documents. */
  readonly parameters?: readonly Parameter[];
  /** @param query - what follows `?` in the URL, as sent */
  reply(query: string): Awaitable<Reply>;
}

/** A parameter of the query of a {@link Route}, which may be absent. */
export interface Parameter {
  readonly name: string;
  readonly meaning: string;
  readonly values: readonly string[];
}

/** One answer of a {@link Route}. */
export interface Answer {
  readonly status: number;
  readonly meaning: string;
  readonly type: 'application/json' | 'text/html' | 'text/plain';
  /** Name of the body's schema in the OpenAPI document. */
  readonly schema?: 'Statistics' | 'Health' | 'MessageKey' | 'Error';
}
