/** What each action acts on. Its keys are the actions. */
export interface ActionResources {
  /** Ask the model, alone or in a conversation of one's own. */
  query: { readonly conversationId?: string | undefined };
  /** Let the model call a tool, or call the tool directly. Asked for each tool, and again when the tool is called. */
  tool: { readonly tool: string; readonly by: 'model' | 'client' };
  /** Choose the model of a query, among those of `clientMayChoose.models`. */
  model: { readonly model: string };
  /** Stop one run; without an id, all runs of the connection. */
  cancel: { readonly runId?: string | undefined };
  /** Read a run again, or continue to read it. */
  resume: { readonly runId: string };
  /** Decide about a tool call that waits for a person. */
  approve: { readonly runId: string; readonly toolCallId: string };
  /** Read every run of a conversation as it happens. */
  watch: { readonly conversationId: string };
  /** Read the messages and attachments of a conversation. */
  history: { readonly conversationId: string };
  /** Change title, data or selected branch of a conversation. */
  update_conversation: { readonly conversationId: string };
  /** Delete a conversation. */
  delete_conversation: { readonly conversationId: string };
  /** List one's own runs. */
  list_runs: object;
  /** List one's own conversations. */
  list_conversations: object;
  /** Enter a room, read it, and be seen there. */
  join: { readonly room: string };
  /** Say something in a room. */
  publish: { readonly room: string };
  /** Ask the model in a room. */
  room_query: { readonly room: string };
  /** Stop a run in a room. */
  room_cancel: { readonly room: string };
  /** Decide about a tool call of a run in a room. */
  room_approve: { readonly room: string };
  /** Read `GET /ws/statistics`. */
  statistics: object;
  /** Read `GET /metrics`. */
  metrics: object;
  /** Load the pages and their documents. */
  page: { readonly path: string };
}

/** Something a principal may or may not do. */
export type Action = keyof ActionResources;

/** A row of {@link ACTIONS}. */
export interface ActionInfo {
  /** What the action is, for readers of the documentation. */
  readonly text: string;
  /** Fields of the resource. */
  readonly resource: readonly string[];
  /** The scope that grants the action; `{field}` stands for a field of the resource. Absent if no scope does. */
  readonly scope?: string;
  /** Whom the default policy allows it, besides a principal with the scope. */
  readonly default: string;
  /** What is asked for: messages, HTTP routes, work of the engine. */
  readonly asked: string;
}

const WITHOUT_SCOPES = 'every principal without scopes';
const KNOWN = `${WITHOUT_SCOPES}, except \`ANONYMOUS\``;
const ROUTE = `${WITHOUT_SCOPES}; without \`authenticate\`, everybody`;

/** Every action: what the documentation and the default policy know of it. */
export const ACTIONS: { readonly [A in Action]: ActionInfo } = {
  query: {
    text: "Ask the model, alone or in a conversation of one's own.",
    resource: ['conversationId'],
    scope: 'query',
    default: WITHOUT_SCOPES,
    asked: '`agent_query`, `streaming_query`',
  },
  tool: {
    text: 'Let the model call a tool, or call the tool directly. Asked for each tool, and again when the tool is called.',
    resource: ['tool', 'by'],
    scope: 'tools:{tool}',
    default: WITHOUT_SCOPES,
    asked: 'each request to the model, each call of a tool, `tool_call`, `tools` of a query',
  },
  model: {
    text: 'Choose the model of a query, among those of `clientMayChoose.models`.',
    resource: ['model'],
    scope: 'models:{model}',
    default: WITHOUT_SCOPES,
    asked: '`model` of a query',
  },
  cancel: {
    text: 'Stop one run; without an id, all runs of the connection.',
    resource: ['runId'],
    scope: 'cancel',
    default: WITHOUT_SCOPES,
    asked: '`cancel`',
  },
  resume: {
    text: 'Read a run again, or continue to read it.',
    resource: ['runId'],
    scope: 'resume',
    default: WITHOUT_SCOPES,
    asked: '`resume`',
  },
  approve: {
    text: 'Decide about a tool call that waits for a person.',
    resource: ['runId', 'toolCallId'],
    scope: 'approve',
    default: WITHOUT_SCOPES,
    asked: '`approval`',
  },
  watch: {
    text: 'Read every run of a conversation as it happens.',
    resource: ['conversationId'],
    scope: 'watch',
    default: WITHOUT_SCOPES,
    asked: '`watch`',
  },
  history: {
    text: 'Read the messages and attachments of a conversation.',
    resource: ['conversationId'],
    scope: 'history',
    default: WITHOUT_SCOPES,
    asked: '`history`, `attachment`',
  },
  update_conversation: {
    text: 'Change title, data or selected branch of a conversation.',
    resource: ['conversationId'],
    scope: 'update_conversation',
    default: WITHOUT_SCOPES,
    asked: '`update_conversation`, `select_branch`',
  },
  delete_conversation: {
    text: 'Delete a conversation.',
    resource: ['conversationId'],
    scope: 'delete_conversation',
    default: KNOWN,
    asked: '`delete_conversation`',
  },
  list_runs: {
    text: "List one's own runs.",
    resource: [],
    scope: 'list_runs',
    default: WITHOUT_SCOPES,
    asked: '`list_runs`',
  },
  list_conversations: {
    text: "List one's own conversations.",
    resource: [],
    scope: 'list_conversations',
    default: KNOWN,
    asked: '`list_conversations`',
  },
  join: {
    text: 'Enter a room, read it, and be seen there.',
    resource: ['room'],
    scope: 'rooms:{room}:join',
    default: WITHOUT_SCOPES,
    asked: '`join`',
  },
  publish: {
    text: 'Say something in a room.',
    resource: ['room'],
    scope: 'rooms:{room}:publish',
    default: WITHOUT_SCOPES,
    asked: '`room_message`',
  },
  room_query: {
    text: 'Ask the model in a room.',
    resource: ['room'],
    scope: 'rooms:{room}:query',
    default: WITHOUT_SCOPES,
    asked: '`agent_query` and `streaming_query` with `room`',
  },
  room_cancel: {
    text: 'Stop a run in a room.',
    resource: ['room'],
    scope: 'rooms:{room}:cancel',
    default: WITHOUT_SCOPES,
    asked: '`cancel`',
  },
  room_approve: {
    text: 'Decide about a tool call of a run in a room.',
    resource: ['room'],
    scope: 'rooms:{room}:approve',
    default: WITHOUT_SCOPES,
    asked: '`approval`',
  },
  statistics: {
    text: 'Read `GET /ws/statistics`.',
    resource: [],
    scope: 'statistics',
    default: ROUTE,
    asked: '`GET /ws/statistics`',
  },
  metrics: { text: 'Read `GET /metrics`.', resource: [], scope: 'metrics', default: ROUTE, asked: '`GET /metrics`' },
  page: {
    text: 'Load the pages and their documents.',
    resource: ['path'],

    default: 'everybody',
    asked: '`GET /`, `/docs` and what is below, `/static/…`',
  },
};
