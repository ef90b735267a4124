import type {
  ConversationChange,
  ConversationInfo,
  ConversationKey,
  ConversationMessage,
  ConversationStore,
  MessagePageRequest,
  Page,
  PageRequest,
} from '../../conversation/conversation-store.js';
import { pageOfMessages } from '../../conversation/page-of-messages.js';
import type { Database, Row } from './database.js';
import { fromSql, fromSqlOptional, toSql } from './sql-text.js';
import type { WriteQueue } from './write-queue.js';

/** What a write takes besides its text while it waits. */
const WRITE_BYTES = 300;

/** Conversations in a database. JSON can hold every string, so that what is kept as JSON needs no care. */
export class SqliteConversationStore implements ConversationStore {
  readonly #queue: WriteQueue;
  readonly #clock: () => number;

  constructor(queue: WriteQueue, clock: () => number) {
    this.#queue = queue;
    this.#clock = clock;
  }

  append(key: ConversationKey, messages: readonly ConversationMessage[]): void {
    const at = this.#clock();
    const bodies = messages.map((message) => ({ id: message.id, body: JSON.stringify(message) }));
    this.#queue.pushBounded({
      bytes: bodies.reduce((sum, { body }) => sum + body.length, WRITE_BYTES),
      apply: (database) => {
        const n = use(database, key, at);
        for (const { id, body } of bodies) {
          database.run('INSERT INTO messages (conversation, id, body) VALUES (?, ?, ?)', n, toSql(id), body);
        }
        database.run('UPDATE conversations SET messages = messages + ? WHERE n = ?', bodies.length, n);
      },
    });
  }

  read(key: ConversationKey, page: MessagePageRequest): Page<ConversationMessage> {
    return pageOfMessages(newestFirst(this.#upToDate(), key, page.before), page);
  }

  truncate(key: ConversationKey, from: string): ConversationMessage | undefined {
    const at = this.#clock();
    const database = this.#upToDate();
    const first = numberOfMessage(database, numberOf(database, key), from);
    const row = database.get('SELECT body FROM messages WHERE n = ?', first);
    if (row === undefined) return undefined;
    this.#queue.push({
      bytes: WRITE_BYTES,
      apply: () => {
        const n = use(database, key, at);
        database.run('DELETE FROM messages WHERE conversation = ? AND n >= ?', n, first);
        database.run(
          'UPDATE conversations SET messages = (SELECT count(*) FROM messages WHERE conversation = ?) WHERE n = ?',
          n,
          n,
        );
      },
    });
    return JSON.parse(fromSql(row['body'])) as ConversationMessage;
  }

  find({ owner, id }: ConversationKey): ConversationInfo | undefined {
    const row = this.#upToDate().get('SELECT * FROM conversations WHERE owner = ? AND id = ?', toSql(owner), toSql(id));
    return row === undefined ? undefined : toInfo(row);
  }

  list(owner: string, { limit, before }: PageRequest): Page<ConversationInfo> {
    const database = this.#upToDate();
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
    return { items: rows.slice(0, limit).map(toInfo), hasMore: rows.length > limit };
  }

  update(key: ConversationKey, { title, metadata }: ConversationChange): void {
    const at = this.#clock();
    const json = metadata === undefined ? undefined : JSON.stringify(metadata);
    this.#queue.pushBounded({
      bytes: WRITE_BYTES + (title?.length ?? 0) + (json?.length ?? 0),
      apply: (database) => {
        const n = use(database, key, at);
        if (title !== undefined) database.run('UPDATE conversations SET title = ? WHERE n = ?', toSql(title), n);
        if (json !== undefined) database.run('UPDATE conversations SET metadata = ? WHERE n = ?', json, n);
      },
    });
  }

  delete(key: ConversationKey): boolean {
    const database = this.#upToDate();
    const n = numberOf(database, key);
    if (n === 0) return false;
    this.#queue.push({
      bytes: WRITE_BYTES,
      apply: () => {
        database.run('DELETE FROM messages WHERE conversation = ?', n);
        database.run('DELETE FROM conversations WHERE n = ?', n);
      },
    });
    return true;
  }

  #upToDate(): Database {
    this.#queue.flush();
    return this.#queue.database;
  }
}

/** The number of the conversation, made where it is new, as the one used last. */
function use(database: Database, { owner, id }: ConversationKey, at: number): number {
  return database.number(
    `INSERT INTO conversations (owner, id, created_at, updated_at, used)
    VALUES (?, ?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM conversations))
    ON CONFLICT (owner, id) DO UPDATE SET updated_at = excluded.updated_at, used = excluded.used
    RETURNING n`,
    toSql(owner),
    toSql(id),
    at,
    at,
  );
}

/** The messages before the one with the id `before`, read as they are asked for. */
function* newestFirst(database: Database, key: ConversationKey, before: string | undefined) {
  const conversation = numberOf(database, key);
  const end = before === undefined ? Number.MAX_SAFE_INTEGER : numberOfMessage(database, conversation, before);
  const rows = database.iterate(
    'SELECT body FROM messages WHERE conversation = ? AND n < ? ORDER BY n DESC',
    conversation,
    end,
  );
  for (const { body } of rows) yield JSON.parse(fromSql(body)) as ConversationMessage;
}

/** 0 for none: numbers count from 1. */
function numberOf(database: Database, { owner, id }: ConversationKey): number {
  return database.number('SELECT n FROM conversations WHERE owner = ? AND id = ?', toSql(owner), toSql(id));
}

/** 0 for none. */
function numberOfMessage(database: Database, conversation: number, id: string): number {
  return database.number('SELECT max(n) FROM messages WHERE conversation = ? AND id = ?', conversation, toSql(id));
}

function toInfo(row: Row): ConversationInfo {
  const title = fromSqlOptional(row['title']);
  const metadata = fromSqlOptional(row['metadata']);
  return {
    id: fromSql(row['id']),
    ...(title !== undefined && { title }),
    ...(metadata !== undefined && { metadata: JSON.parse(metadata) as Readonly<Record<string, unknown>> }),
    messages: Number(row['messages']),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
  };
}
