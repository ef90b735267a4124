import type { Reply } from './reply.js';

/** A sentence in the two languages of the documents. */
export interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

/** One address that answers GET and HEAD. The documents are made from the same table that is served. */
export interface Route {
  readonly path: string;
  /** For the documents; absent for the parts of a page. */
  readonly summary?: Bilingual;
  /** What it answers, for the documents: status, meaning, media type and JSON Schema of the body. */
  readonly answers?: readonly Answer[];
  reply(): Reply;
}

/** One answer of a {@link Route}. */
export interface Answer {
  readonly status: number;
  readonly meaning: string;
  readonly type: 'application/json' | 'text/html';
  /** Name of the body's schema in the OpenAPI document. */
  readonly schema?: 'Statistics' | 'Health' | 'Error';
}
