export type SequenceName = 'stream' | 'resume' | 'approval' | 'cancel';
export const SECTIONS = [
  'overview',
  'sequences',
  'guide',
  'client',
  'server',
  'errors',
  'close',
  'limits',
  'tools',
  'http',
] as const;
export type SectionName = (typeof SECTIONS)[number];

/** What a client author does, in order. */
export interface Guide {
  readonly id: string;
  readonly title: string;
  /** Backticks mark code, as in every sentence of the page. */
  readonly steps: readonly string[];
  readonly code?: string;
}

/** The texts of the documentation page that no document of the server holds. */
export interface DocsTexts {
  readonly title: string;
  readonly skip: string;
  readonly contents: string;
  readonly search: string;
  readonly found: string;
  readonly nothing: string;
  readonly testPage: string;
  readonly language: string;
  readonly theme: string;
  readonly failed: string;
  readonly sections: Readonly<Record<SectionName, string>>;
  /** `{path}` and `{subprotocol}` are filled in. */
  readonly overview: readonly string[];
  readonly first: string;
  readonly guides: readonly Guide[];
  readonly sequences: Readonly<Record<SequenceName, { readonly title: string; readonly about: string }>>;
  readonly actors: Readonly<Record<'client' | 'server' | 'tabA' | 'tabB', string>>;
  readonly notes: Readonly<Record<'lost' | 'back', string>>;
  readonly asText: string;
  readonly columns: Readonly<
    Record<
      | 'field'
      | 'type'
      | 'required'
      | 'meaning'
      | 'code'
      | 'reason'
      | 'retryable'
      | 'reconnect'
      | 'what'
      | 'atMost'
      | 'path'
      | 'answers',
      string
    >
  >;
  readonly yes: string;
  readonly no: string;
  readonly later: string;
  readonly fromClient: string;
  readonly fromServer: string;
  readonly endsRun: string;
  readonly example: string;
  readonly answeredBy: string;
  readonly noTools: string;
  readonly anyJson: string;
  readonly arrayOf: string;
  readonly errorCode: string;
  readonly rules: Readonly<
    Record<'characters' | 'elements' | 'atLeast' | 'atMost' | 'range' | 'matches' | 'default', string>
  >;
  readonly limits: Readonly<Record<(typeof SHOWN_LIMITS)[number], string>>;
}

export const SHOWN_LIMITS = [
  'messageBytes',
  'depth',
  'values',
  'idLength',
  'toolCallIdLength',
  'toolsPerQuery',
  'attachments',
  'chunkBytes',
  'reasonLength',
  'titleLength',
  'metadataBytes',
  'pageSize',
] as const;
