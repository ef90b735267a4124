import { randomUUID } from 'node:crypto';
import { CONVERSATION_BYTES, MESSAGE_BYTES } from './conversation-bounds.js';
import type { Database } from './database.js';
import { fromSql } from './sql-text.js';

/** The application id of our files: "agws". */
const APPLICATION_ID = 0x61677773;

/** Each migration brings the tables one version further. A released migration is never changed. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE identity (epoch TEXT NOT NULL);

  CREATE TABLE runs (
    n INTEGER PRIMARY KEY,
    owner NOT NULL,
    id NOT NULL,
    kind TEXT NOT NULL,
    request_hash NOT NULL,
    created_at REAL NOT NULL,
    conversation_id,
    tool_name,
    state TEXT NOT NULL,
    checkpoint,
    -- Of a run that ended: when, and what it takes.
    ended_at REAL,
    bytes INTEGER NOT NULL DEFAULT 0,
    -- Whether its log is 0 whole, 1 dropped and being deleted, or 2 gone, so that only the id is left.
    dropped INTEGER NOT NULL DEFAULT 0,
    UNIQUE (owner, id)
  );
  CREATE INDEX runs_by_end ON runs (dropped, ended_at, n);

  CREATE TABLE entries (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    timestamp REAL NOT NULL,
    body NOT NULL,
    PRIMARY KEY (run, seq)
  ) WITHOUT ROWID;

  CREATE TABLE drafts (n INTEGER PRIMARY KEY, run INTEGER NOT NULL, text NOT NULL);
  CREATE INDEX drafts_by_run ON drafts (run, n);

  CREATE TABLE tool_calls (
    run_key NOT NULL,
    tool_call_id NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_key, tool_call_id)
  ) WITHOUT ROWID;

  CREATE TABLE conversations (
    n INTEGER PRIMARY KEY,
    owner NOT NULL,
    id NOT NULL,
    title,
    metadata TEXT,
    messages INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    -- Grows with each use, so that equal times keep their order.
    used INTEGER NOT NULL,
    UNIQUE (owner, id)
  );
  CREATE INDEX conversations_by_use ON conversations (owner, used);
  CREATE INDEX conversations_used ON conversations (used);

  CREATE TABLE messages (n INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, id NOT NULL, body TEXT NOT NULL);
  CREATE INDEX messages_by_conversation ON messages (conversation, n);
  CREATE INDEX messages_by_id ON messages (conversation, id);
  `,
  `CREATE INDEX runs_by_owner ON runs (owner, n) WHERE dropped = 0`,
  // A list of messages becomes a tree with one branch: each message follows the one before it.
  `
  ALTER TABLE conversations ADD COLUMN leaf INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN parent INTEGER NOT NULL DEFAULT 0;
  UPDATE messages SET parent = coalesce(
    (SELECT max(older.n) FROM messages AS older
      WHERE older.conversation = messages.conversation AND older.n < messages.n),
    0
  );
  UPDATE conversations SET leaf = coalesce(
    (SELECT max(n) FROM messages WHERE messages.conversation = conversations.n),
    0
  );
  CREATE INDEX messages_by_parent ON messages (conversation, parent, n);

  CREATE TABLE attachments (n INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, id NOT NULL, bytes BLOB NOT NULL);
  CREATE INDEX attachments_by_id ON attachments (conversation, id);
  `,
  // What each owner holds is counted: bytes of conversations and of logs of ended runs, and ids of runs without a log.
  `
  ALTER TABLE conversations ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE conversations SET bytes =
    ${CONVERSATION_BYTES} + coalesce(octet_length(title), 0) + coalesce(octet_length(metadata), 0)
    + coalesce(
      (SELECT sum(${MESSAGE_BYTES} + octet_length(body)) FROM messages WHERE conversation = conversations.n),
      0
    )
    + coalesce(
      (SELECT sum(octet_length(attachments.bytes)) FROM attachments WHERE conversation = conversations.n),
      0
    );
  -- Conversations that are gone for everybody and whose rows are being deleted.
  CREATE TABLE removed_conversations (n INTEGER PRIMARY KEY);

  CREATE TABLE shares (
    kind TEXT NOT NULL,
    owner NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (kind, owner)
  ) WITHOUT ROWID;
  CREATE INDEX shares_by_amount ON shares (kind, amount);
  CREATE TABLE totals (kind TEXT PRIMARY KEY, amount INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO shares SELECT 'conversations', owner, sum(bytes) FROM conversations GROUP BY owner;
  INSERT INTO shares SELECT 'logs', owner, sum(bytes) FROM runs
    WHERE dropped = 0 AND ended_at IS NOT NULL GROUP BY owner;
  INSERT INTO shares SELECT 'ids', owner, count(*) FROM runs WHERE dropped > 0 GROUP BY owner;
  INSERT INTO totals SELECT kind, sum(amount) FROM shares GROUP BY kind;
  -- Keys that content may be encrypted with, and how far it is encrypted with a new one.
  ALTER TABLE attachments ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE keys (id TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE rotation (key TEXT NOT NULL, part INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL);
  -- Tells whether a database that failed can be written again.
  CREATE TABLE probe (bytes BLOB NOT NULL);
  CREATE INDEX runs_by_owner_and_end ON runs (owner, dropped, ended_at, n);
  `,
  `
  CREATE TABLE rooms (
    n INTEGER PRIMARY KEY,
    name NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    head INTEGER NOT NULL,
    -- When the newest event was written, in Unix milliseconds.
    used REAL NOT NULL
  );
  CREATE INDEX rooms_by_use ON rooms (used, n);

  CREATE TABLE room_events (
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    created_at REAL NOT NULL,
    body NOT NULL,
    PRIMARY KEY (room, seq)
  ) WITHOUT ROWID;
  `,
  // Under which name what owners hold is counted: their own, or one that owners share which cost nothing.
  `
  ALTER TABLE conversations ADD COLUMN payer;
  UPDATE conversations SET payer = owner;
  CREATE INDEX conversations_by_payer ON conversations (payer, used);
  ALTER TABLE runs ADD COLUMN payer;
  UPDATE runs SET payer = owner;
  DROP INDEX runs_by_owner_and_end;
  CREATE INDEX runs_by_payer_and_end ON runs (payer, dropped, ended_at, n);
  ALTER TABLE rooms ADD COLUMN payer;
  UPDATE rooms SET payer = name;
  CREATE INDEX rooms_by_payer ON rooms (payer, used, n);
  `,
];

/**
 * Checks that the file is one of ours, before anything in it is changed.
 * @throws if the file belongs to another application, or a later version wrote it.
 */
export function checkOrigin(database: Database, path: string): void {
  const isNew = database.number('SELECT count(*) FROM sqlite_master') === 0;
  if (!isNew && database.number('PRAGMA application_id') !== APPLICATION_ID) {
    throw new Error(`The database ${path} belongs to another application`);
  }
  const version = database.number('PRAGMA user_version');
  if (version > MIGRATIONS.length) {
    throw new Error(
      `The database ${path} was written by a later version of agent-ws: its tables have version ${version}, and this one knows ${MIGRATIONS.length}`,
    );
  }
}

/** Brings the tables to the newest version. Returns the identity of the database. */
export function migrate(database: Database): string {
  let epoch = '';
  // Runs even if there is nothing to migrate: the first write locks the database for this process.
  database.transaction(() => {
    const version = database.number('PRAGMA user_version');
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    if (version === 0) {
      database.run('INSERT INTO identity VALUES (?)', randomUUID());
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    }
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    epoch = fromSql(database.get('SELECT epoch FROM identity')?.['epoch']);
  });
  return epoch;
}
