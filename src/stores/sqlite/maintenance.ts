import { INCREMENTAL } from './retention.js';
import type { Database, Row } from './database.js';
import { encodeRoomEvent } from '../../store/room-store.js';
import { fromSql, fromSqlOptional } from './sql-text.js';

/** What {@link checkDatabase} finds. */
export interface DatabaseReport {
  /** What is broken; empty if the database is sound. */
  readonly problems: readonly string[];
  /** Numbers of what is stored, and sizes in bytes. */
  readonly counts: Readonly<Record<string, number>>;
  /** Whether free space goes back to the file system without `compact`. */
  readonly shrinksByItself: boolean;
  /** Ids of the keys that content is encrypted with. */
  readonly keys: readonly string[];
}

/** Checks the pages, the indexes and the relations of a database, and counts what it holds. */
export function checkDatabase(database: Database): DatabaseReport {
  const broken = database.all('PRAGMA integrity_check(20)').map((row) => String(row['integrity_check']));
  const problems = broken.filter((line) => line !== 'ok');
  const orphans = (table: string): number =>
    database.number(
      `SELECT count(*) FROM ${table} WHERE conversation NOT IN (
        SELECT n FROM conversations UNION ALL SELECT n FROM removed_conversations)`,
    );
  for (const table of ['messages', 'attachments']) {
    const count = orphans(table);
    if (count > 0) problems.push(`${count} ${table} belong to no conversation`);
  }
  const entries = database.number('SELECT count(*) FROM entries WHERE run NOT IN (SELECT n FROM runs)');
  if (entries > 0) problems.push(`${entries} entries belong to no run`);
  const events = database.number('SELECT count(*) FROM room_events WHERE room NOT IN (SELECT n FROM rooms)');
  if (events > 0) problems.push(`${events} events belong to no room`);
  const count = (what: string): number => database.number(`SELECT count(*) FROM ${what}`);
  const page = database.number('PRAGMA page_size');
  return {
    problems,
    counts: {
      conversations: count('conversations'),
      messages: count('messages'),
      attachments: count('attachments'),
      conversationBytes: database.number(`SELECT amount FROM totals WHERE kind = 'conversations'`),
      runs: count('runs WHERE dropped = 0'),
      unfinishedRuns: count('runs WHERE ended_at IS NULL'),
      rememberedIds: count('runs WHERE dropped > 0'),
      entries: count('entries'),
      rooms: count('rooms'),
      roomEvents: count('room_events'),
      fileBytes: page * database.number('PRAGMA page_count'),
      freeBytes: page * database.number('PRAGMA freelist_count'),
    },
    shrinksByItself: database.number('PRAGMA auto_vacuum') === INCREMENTAL,
    keys: database.all('SELECT id FROM keys').map(({ id }) => fromSql(id)),
  };
}

/** Writes the database anew without free space, and lets it shrink by itself from then on. Takes as much disk space again. */
export function compactDatabase(database: Database): void {
  database.exec(`PRAGMA auto_vacuum = ${INCREMENTAL}; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)`);
}

/** Everything in a database, one object after the other: each conversation, run and room before what belongs to it. */
export function* exportDatabase(database: Database, epoch: string): Generator<Readonly<Record<string, unknown>>> {
  yield { type: 'store', epoch, format: 1 };
  for (const row of database.iterate('SELECT * FROM conversations ORDER BY n')) yield* conversation(database, row);
  for (const row of database.iterate('SELECT * FROM runs WHERE dropped = 0 ORDER BY n')) yield* run(database, row);
  for (const row of database.iterate('SELECT * FROM rooms ORDER BY n')) yield* room(database, row);
}

function* conversation(database: Database, row: Row): Generator<Readonly<Record<string, unknown>>> {
  const { content } = database;
  const [n, owner, id] = [Number(row['n']), fromSql(row['owner']), fromSql(row['id'])];
  const text = (field: string): string | undefined =>
    row[field] === null ? undefined : content.openText(row[field], 'conversations', n, field);
  const metadata = text('metadata');
  const leaf = database.get('SELECT id FROM messages WHERE n = ?', Number(row['leaf']))?.['id'];
  yield {
    type: 'conversation',
    owner,
    id,
    title: text('title'),
    metadata: metadata === undefined ? undefined : (JSON.parse(metadata) as unknown),
    createdAt: row['created_at'],
    updatedAt: row['updated_at'],
    selected: leaf === undefined ? undefined : fromSql(leaf),
  };
  const messages = `SELECT messages.id, messages.body, parents.id AS parent_id
    FROM messages LEFT JOIN messages AS parents ON parents.n = messages.parent
    WHERE messages.conversation = ? ORDER BY messages.n`;
  for (const message of database.iterate(messages, n)) {
    const body = content.openText(message['body'], 'messages', n, fromSql(message['id']));
    const parentId = fromSqlOptional(message['parent_id']);
    yield { type: 'message', owner, conversation: id, parentId, ...(JSON.parse(body) as object) };
  }
  for (const attachment of database.iterate('SELECT * FROM attachments WHERE conversation = ? ORDER BY n', n)) {
    const [name, bytes] = [fromSql(attachment['id']), attachment['bytes'] as Uint8Array];
    const opened = attachment['sealed'] === 0 ? bytes : content.openBytes(bytes, 'attachments', n, name);
    yield {
      type: 'attachment',
      owner,
      conversation: id,
      id: name,
      base64: Buffer.from(opened).toString('base64'),
    };
  }
}

function* run(database: Database, row: Row): Generator<Readonly<Record<string, unknown>>> {
  const [n, owner, id] = [Number(row['n']), fromSql(row['owner']), fromSql(row['id'])];
  yield {
    type: 'run',
    owner,
    id,
    kind: row['kind'],
    state: row['state'],
    conversation: fromSqlOptional(row['conversation_id']),
    tool: fromSqlOptional(row['tool_name']),
    createdAt: row['created_at'],
    endedAt: row['ended_at'] ?? undefined,
  };
  for (const entry of database.iterate('SELECT * FROM entries WHERE run = ? ORDER BY seq', n)) {
    const body = database.content.openText(entry['body'], 'entries', n, Number(entry['seq']));
    const isText = entry['type'] === 'stream_chunk' || entry['type'] === 'stream_reasoning';
    yield {
      type: 'entry',
      owner,
      run: id,
      seq: entry['seq'],
      kind: entry['type'],
      timestamp: entry['timestamp'],
      ...(isText ? { text: body } : { message: JSON.parse(body) as unknown }),
    };
  }
}

function* room(database: Database, row: Row): Generator<Readonly<Record<string, unknown>>> {
  const [n, name] = [Number(row['n']), fromSql(row['name'])];
  yield { type: 'room', name, epoch: row['epoch'], head: row['head'], usedAt: row['used'] };
  for (const event of database.iterate('SELECT * FROM room_events WHERE room = ? ORDER BY seq', n)) {
    const [seq, createdAt] = [Number(event['seq']), Number(event['created_at'])];
    const body = database.content.openText(event['body'], 'room_events', n, seq);
    yield { type: 'room_event', message: JSON.parse(encodeRoomEvent({ createdAt, body }, seq)) as unknown };
  }
}
