import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, it } from 'vitest';

const MOST_NAMES = 90;

/** What the root entry is for, and every name of it: values first, then types. */
const NAMES = {
  server:
    'createAgentSocketServer tokenOf ANONYMOUS VERSION | AgentSocketServer AgentSocketServerOptions CloseOptions Principal',
  connections:
    'ConnectionManager | Action Connection ConnectionInfo ConnectionManagerOptions Decide Socket SocketListener',
  messages:
    'MessageHandler defineMessage | CustomMessageType ErrorCode FinishReason MessageHandlerOptions RunState Usage',
  runs:
    'RunManager AgentExecutor | AgentExecutorOptions ClientChoices CreatedRun Run RunAsker RunExecutor RunHandle ' +
    'RunManagerOptions RunOutcome RunUsage RunWorker',
  stores:
    'createMemoryStore | Awaitable Claim ConversationChange ConversationInfo ConversationKey ConversationMessage ' +
    'ConversationStore LedgerEntry LedgerKey MemoryStoreOptions MessagePageRequest Page PageRequest RunEntry RunKind RunLog ' +
    'RunMeta RunStore Store StoredRun ToolLedger WireEntry',
  model:
    'fitContext | FitContext LlmAttachment LlmAttachmentType LlmMessage LlmPart LlmProvider LlmRequest LlmStreamOptions',
  tools:
    'ToolRegistry calculator createCurrentTime currentTime defineTool | Asker JsonObject JsonSchema LlmTool LlmToolCall ' +
    'StandardSchema Tool ToolCallInfo ToolContext ToolDefinition',
  rooms: 'Rooms | RoomStore',
  reports: 'AgentSocketError OptionError | AuditEvent Logger',
};

function exported(): { values: string[]; types: string[] } {
  const path = new URL('../../src/index.ts', import.meta.url);
  const source = ts.createSourceFile('index.ts', readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  const values: string[] = [];
  const types: string[] = [];
  for (const statement of source.statements) {
    if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined)
      throw new Error('Not a list of names');
    if (!ts.isNamedExports(statement.exportClause)) throw new Error('Not a list of names');
    for (const { name, isTypeOnly } of statement.exportClause.elements) {
      (isTypeOnly || statement.isTypeOnly ? types : values).push(name.text);
    }
  }
  return { values: values.sort(), types: types.sort() };
}

it('exports from its root what users need, and no more', () => {
  const { values, types } = exported();
  const named = Object.values(NAMES).map((names) => names.split(' | ').map((some) => some.split(' ')));
  expect(values).toEqual(named.flatMap(([some = []]) => some).sort());
  expect(types).toEqual(named.flatMap(([, some = []]) => some).sort());
  expect(values.length + types.length).toBeLessThanOrEqual(MOST_NAMES);
});
