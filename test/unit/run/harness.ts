import { onTestFinished } from 'vitest';
import { pick } from '../../../src/runtime/option-table.js';
import {
  AgentExecutor,
  ConnectionManager,
  MessageHandler,
  RunManager,
  ToolRegistry,
  type AgentExecutorOptions,
  type Connection,
  type MessageHandlerOptions,
  type RunManagerOptions,
  type Tool,
} from '../../../src/index.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';
import { MemoryRunStore } from '../../../src/stores/memory/memory-run-store.js';
import { MemoryToolLedger } from '../../../src/stores/memory/memory-tool-ledger.js';
import { EXECUTOR_OPTIONS } from '../../../src/agent/executor-options.js';
import { MESSAGE_HANDLER_OPTIONS } from '../../../src/message/message-handler-options.js';
import { RUN_OPTIONS } from '../../../src/run/run-manager-options.js';
import { TERMINAL_TYPES } from '../../../src/protocol/index.js';
import { createScriptedProvider, linkSockets, type LinkedSocket } from '../../../src/testing/index.js';

/** A message as a client reads it. */
export type Wire = Record<string, unknown> & { type: string; seq?: number; run_id?: string };

/** A client at the other end of a linked socket. */
export interface Peer {
  readonly socket: LinkedSocket;
  readonly connection: Connection;
  readonly frames: string[];
  readonly messages: Wire[];
  readonly closes: { code: number; reason: string }[];
  send(message: unknown): void;
  ofType(type: string): Wire[];
  /** Messages of runs. */
  readonly inRuns: Wire[];
}

/** The engine without a network. */
export interface Engine {
  readonly runs: RunManager;
  readonly connections: ConnectionManager;
  readonly handler: MessageHandler;
  connect(options?: { negotiated?: boolean; owner?: string; mark?: number; remoteAddress?: string }): Peer;
}

export type EngineOptions = Partial<Omit<AgentExecutorOptions, 'tools'>> &
  Partial<RunManagerOptions> &
  Pick<MessageHandlerOptions, 'maxRunsPerConnection' | 'rateLimits'> & { tools?: Iterable<Tool> };

export function createEngine(options: EngineOptions = {}): Engine {
  const conversations = options.conversations ?? new MemoryConversationStore();
  const executor =
    options.executor ??
    new AgentExecutor({
      provider: createScriptedProvider(['Hello']),
      ledger: new MemoryToolLedger(),
      ...pick(options, EXECUTOR_OPTIONS),
      conversations,
      tools: new ToolRegistry(options.tools),
    });
  const runs = new RunManager({
    store: new MemoryRunStore(),
    ...pick(options, RUN_OPTIONS),
    executor,
  });
  const connections = new ConnectionManager({ logger: options.logger });
  const handler = new MessageHandler({ ...pick(options, MESSAGE_HANDLER_OPTIONS), runs, conversations });
  connections.on('message', (connection, data) => handler.handleMessage(connection, data));
  onTestFinished(async () => {
    for (const connection of connections) connection.terminate();
    await runs.drain(0);
  });
  return {
    runs,
    connections,
    handler,
    connect({ negotiated = true, owner = 'owner', mark, remoteAddress } = {}) {
      const [server, socket] = linkSockets(mark === undefined ? {} : { mark });
      const frames: string[] = [];
      const messages: Wire[] = [];
      const closes: { code: number; reason: string }[] = [];
      socket.open({
        onMessage(data) {
          frames.push(String(data));
          messages.push(JSON.parse(String(data)) as Wire);
        },
        onDrain: () => undefined,
        onClose: (code, reason) => closes.push({ code, reason }),
      });
      const connection = connections.connect(server, {
        principal: { id: owner },
        metadata: undefined,
        negotiated,
        remoteAddress,
      });
      if (connection === undefined) throw new Error('No place for the connection');
      return {
        socket,
        connection,
        frames,
        messages,
        closes,
        send: (message) => void socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
        ofType: (type) => messages.filter((message) => message.type === type),
        get inRuns() {
          return messages.filter(({ seq }) => seq !== undefined);
        },
      };
    },
  };
}

/** The last message of a run, if it is here. */
export function endOf(peer: Peer, runId?: string): Wire | undefined {
  return peer.inRuns.find(({ type, run_id }) => TERMINAL_TYPES.has(type) && (runId === undefined || run_id === runId));
}
