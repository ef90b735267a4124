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
  reply(): Awaitable<Reply>;
}

/** One answer of a {@link Route}. */
export interface Answer {
  readonly status: number;
  readonly meaning: string;
  readonly type: 'application/json' | 'text/html' | 'text/plain';
  /** Name of the body's schema in the OpenAPI document. */
  readonly schema?: 'Statistics' | 'Health' | 'Error';
}
