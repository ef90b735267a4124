import type {
  AttachmentBytes,
  BranchMessage,
  ConversationChange,
  ConversationInfo,
  ConversationKey,
  ConversationMessage,
  ConversationStore,
  MessagePageRequest,
  Page,
  PageRequest,
} from '../../store/conversation-store.js';
import { pageOfMessages, siblingsOf } from '../../store/page-of-messages.js';
import { CONVERSATION_BYTES, MESSAGE_BYTES, type ConversationBounds } from './conversation-bounds.js';
import type { Database, Row } from './database.js';
import { fromSql, fromSqlOptional, toSql } from './sql-text.js';
import type { WriteQueue } from './write-queue.js';

/** Memory that a waiting write takes besides its text, in bytes. */
const WRITE_BYTES = 300;

/** Conversations in a database. Metadata and tool calls are JSON, which can hold every string as text. */
export class SqliteConversationStore implements ConversationStore {
  readonly #queue: WriteQueue;
  readonly #bounds: ConversationBounds;
  readonly #clock: () => number;

  constructor(queue: WriteQueue, bounds: ConversationBounds, clock: () => number) {
    this.#queue = queue;
    this.#bounds = bounds;
    this.#clock = clock;
  }

  append(
    key: ConversationKey,
    messages: readonly ConversationMessage[],
    attachments: readonly AttachmentBytes[] = [],
  ): void {
    const at = this.#clock();
    const rows = messages.map(({ parentId, ...message }) => ({
      id: message.id,
      parentId,
      body: JSON.stringify(message),
    }));
    // Copied, since the write waits and the caller may reuse its buffer; `slice` of a `Buffer` does not copy.
    const blobs = attachments.map(({ id, bytes: given }) => ({ id, bytes: new Uint8Array(given) }));
    const bytes = attachments.reduce((sum, { bytes: content }) => sum + content.length, WRITE_BYTES);
    this.#queue.pushBounded({
      bytes: rows.reduce((sum, { body }) => sum + body.length, bytes),
      conversation: key,
      standsAlone: true,
      apply: (database) => {
        const { content } = database;
        const { n, isNew } = use(database, key, at);
        let [leaf, size] = [0, isNew ? CONVERSATION_BYTES : 0];
        for (const { id, parentId, body } of rows) {
          const parent = parentId === undefined ? 0 : numberOfMessage(database, n, parentId);
          leaf = database.number(
            'INSERT INTO messages (conversation, id, body, parent) VALUES (?, ?, ?, ?) RETURNING n',
            n,
            toSql(id),
            content.sealText(body, 'messages', n, id),
            parent,
          );
          size += MESSAGE_BYTES + Buffer.byteLength(body);
        }
        database.run('UPDATE conversations SET messages = messages + ?, leaf = ? WHERE n = ?', rows.length, leaf, n);
        const isSealed = content.keyId === undefined ? 0 : 1;
        for (const { id, bytes: given } of blobs) {
          const stored = content.sealBytes(given, 'attachments', n, id);
          database.run(
            'INSERT INTO attachments (conversation, id, bytes, sealed) VALUES (?, ?, ?, ?)',
            n,
            toSql(id),
            stored,
            isSealed,
          );
          size += stored.length;
        }
        this.#bounds.charge(n, size);
      },
    });
  }

  read(key: ConversationKey, page: MessagePageRequest): Page<BranchMessage> {
    return pageOfMessages(newestFirst(this.#upToDate(key), key, page), page);
  }

  message(key: ConversationKey, id: string): ConversationMessage | undefined {
    const database = this.#upToDate(key);
    const n = numberOfMessage(database, numberOf(database, key), id);
    const row = database.get(SELECT_MESSAGE, n);
    return row === undefined ? undefined : toMessage(database, row);
  }

  select(key: ConversationKey, id: string): string | undefined {
    const at = this.#clock();
    const database = this.#upToDate(key);
    const conversation = numberOf(database, key);
    let leaf = numberOfMessage(database, conversation, id);
    if (leaf === 0) return undefined;
    for (let child = leaf; child !== 0; child = newestBelow(database, conversation, child)) leaf = child;
    this.#queue.pushNow({
      bytes: WRITE_BYTES,
      standsAlone: true,
      apply: () => database.run('UPDATE conversations SET leaf = ? WHERE n = ?', leaf, use(database, key, at).n),
    });
    return fromSql(database.get('SELECT id FROM messages WHERE n = ?', leaf)?.['id']);
  }

  attachment(key: ConversationKey, id: string): Uint8Array | undefined {
    const database = this.#upToDate(key);
    const conversation = numberOf(database, key);
    const row = database.get(
      'SELECT bytes, sealed FROM attachments WHERE conversation = ? AND id = ?',
      conversation,
      toSql(id),
    );
    if (!(row?.['bytes'] instanceof Uint8Array)) return undefined;
    if (row['sealed'] === 0) return row['bytes'];
    return database.content.openBytes(row['bytes'], 'attachments', conversation, id);
  }

  find(key: ConversationKey): ConversationInfo | undefined {
    const [owner, id] = [toSql(key.owner), toSql(key.id)];
    const database = this.#upToDate(key);
    const row = database.get('SELECT * FROM conversations WHERE owner = ? AND id = ?', owner, id);
    return row === undefined ? undefined : toInfo(database, row);
  }

  list(owner: string, { limit, before }: PageRequest): Page<ConversationInfo> {
    const database = this.#upToDate({ owner });
    const of = toSql(owner);
    const end =
      before === undefined
        ? Number.MAX_SAFE_INTEGER
        : database.number('SELECT used FROM conversations WHERE owner = ? AND id = ?', of, toSql(before));
    const rows = database.all(
      'SELECT * FROM conversations WHERE owner = ? AND used < ? ORDER BY used DESC LIMIT ?',
      of,
      end,
      limit + 1,
    );
    return { items: rows.slice(0, limit).map((row) => toInfo(database, row)), hasMore: rows.length > limit };
  }

  update(key: ConversationKey, { title, metadata }: ConversationChange): void {
    const at = this.#clock();
    const json = metadata === undefined ? undefined : JSON.stringify(metadata);
    // A client is told at once whether this was written: while the database fails, it is refused and not kept in memory.
    this.#queue.pushNow({
      bytes: WRITE_BYTES + (title?.length ?? 0) + (json?.length ?? 0),
      standsAlone: true,
      apply: (database) => {
        const { n, isNew } = use(database, key, at);
        const before = isNew ? 0 : CONVERSATION_BYTES + database.number(SIZE, n);
        const sealed = (text: string, field: string) => database.content.sealText(text, 'conversations', n, field);
        if (title !== undefined) {
          database.run('UPDATE conversations SET title = ? WHERE n = ?', sealed(title, 'title'), n);
        }
        if (json !== undefined) {
          database.run('UPDATE conversations SET metadata = ? WHERE n = ?', sealed(json, 'metadata'), n);
        }
        this.#bounds.charge(n, CONVERSATION_BYTES + database.number(SIZE, n) - before);
      },
    });
  }

  delete(key: ConversationKey): boolean {
    const n = numberOf(this.#upToDate(key), key);
    if (n === 0) return false;
    this.#queue.pushNow({ bytes: WRITE_BYTES, apply: () => this.#bounds.remove(n) });
    return true;
  }

  /** The database with all earlier writes. While it fails, what is committed can be read unless a change of it waits. */
  #upToDate(read: Pick<ConversationKey, 'owner'> & Partial<ConversationKey>): Database {
    try {
      this.#queue.flush();
    } catch (error) {
      if (this.#queue.isWaitingFor(read)) throw error;
    }
    return this.#queue.database;
  }
}

/** Size of title and metadata. */
const SIZE =
  'SELECT coalesce(octet_length(title), 0) + coalesce(octet_length(metadata), 0) FROM conversations WHERE n = ?';

/** A number that no conversation has, nor one whose rows are still being deleted. */
const NEXT = `1 + max(
  (SELECT coalesce(max(n), 0) FROM conversations),
  (SELECT coalesce(max(n), 0) FROM removed_conversations)
)`;

/** The number of the conversation, created if it is new, marked as the most recently used. */
function use(
  database: Database,
  { owner, id, payer = owner }: ConversationKey,
  at: number,
): { n: number; isNew: boolean } {
  const row = database.get(
    `INSERT INTO conversations (n, owner, id, payer, created_at, updated_at, used)
    VALUES (${NEXT}, ?, ?, ?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM conversations))
    ON CONFLICT (owner, id) DO UPDATE SET updated_at = excluded.updated_at, used = excluded.used
    RETURNING n, bytes`,
    toSql(owner),
    toSql(id),
    toSql(payer),
    at,
    at,
  );
  return { n: Number(row?.['n']), isNew: row?.['bytes'] === 0 };
}

const SELECT_MESSAGE = `SELECT messages.conversation, messages.id, messages.parent, messages.body, parents.id AS parent_id
  FROM messages LEFT JOIN messages AS parents ON parents.n = messages.parent WHERE messages.n = ?`;

/** The messages of a branch, from the newest to the root, loaded as they are asked for. */
function* newestFirst(
  database: Database,
  key: ConversationKey,
  { leaf, before, siblings = false }: MessagePageRequest,
): Generator<BranchMessage> {
  const conversation = numberOf(database, key);
  const last =
    leaf === undefined
      ? database.number('SELECT leaf FROM conversations WHERE n = ?', conversation)
      : numberOfMessage(database, conversation, leaf);
  const first =
    before === undefined
      ? last
      : database.number('SELECT parent FROM messages WHERE n = ?', numberOfMessage(database, conversation, before));
  for (let n = first; n !== 0;) {
    const row = database.get(SELECT_MESSAGE, n);
    if (row === undefined) return;
    n = Number(row['parent']);
    const message = toMessage(database, row);
    yield siblings ? { ...message, ...siblingsOf(message.id, idsBelow(database, conversation, n)) } : message;
  }
}

function toMessage({ content }: Database, row: Row): ConversationMessage {
  const body = content.openText(row['body'], 'messages', Number(row['conversation']), fromSql(row['id']));
  const message = JSON.parse(body) as ConversationMessage;
  const parentId = fromSqlOptional(row['parent_id']);
  return parentId === undefined ? message : { ...message, parentId };
}

function idsBelow(database: Database, conversation: number, parent: number): string[] {
  const rows = database.all(
    'SELECT id FROM messages WHERE conversation = ? AND parent = ? ORDER BY n',
    conversation,
    parent,
  );
  return rows.map(({ id }) => fromSql(id));
}

function newestBelow(database: Database, conversation: number, parent: number): number {
  return database.number('SELECT max(n) FROM messages WHERE conversation = ? AND parent = ?', conversation, parent);
}

/** The number of a conversation; 0 if there is none, since numbers begin with 1. */
function numberOf(database: Database, { owner, id }: ConversationKey): number {
  return database.number('SELECT n FROM conversations WHERE owner = ? AND id = ?', toSql(owner), toSql(id));
}

/** The number of a message; 0 if there is none. */
function numberOfMessage(database: Database, conversation: number, id: string): number {
  return database.number('SELECT max(n) FROM messages WHERE conversation = ? AND id = ?', conversation, toSql(id));
}

function toInfo({ content }: Database, row: Row): ConversationInfo {
  const text = (field: string) =>
    row[field] === null ? undefined : content.openText(row[field], 'conversations', Number(row['n']), field);
  const title = text('title');
  const metadata = text('metadata');
  return {
    id: fromSql(row['id']),
    ...(title !== undefined && { title }),
    ...(metadata !== undefined && { metadata: JSON.parse(metadata) as Readonly<Record<string, unknown>> }),
    messages: Number(row['messages']),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
  };
}
