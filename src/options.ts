import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { LlmProvider } from './agent/llm-provider.js';
import type { Tool } from './agent/tool.js';
import type { ToolRegistry } from './agent/tool-registry.js';
import type { Principal } from './connection/principal.js';
import type { Logger } from './logging/logger.js';
import type { RunStore } from './run/run-store.js';

/** What a query may choose for itself. Nothing, unless the operator says so. */
export interface ClientChoices {
  /**
   * Models a query may name.
   * @default []
   */
  models?: readonly string[];
  /**
   * Whether a query may set `temperature`.
   * @default false
   */
  temperature?: boolean;
  /**
   * Whether a query may narrow the tools the model sees to a subset.
   * @default false
   */
  tools?: boolean;
}

/** What {@link createAgentSocketServer} takes. All times in milliseconds, all sizes in bytes. */
export interface AgentSocketServerOptions<P extends Principal = Principal, Metadata = undefined> {
  /** The server to attach to. It may be listening already, and may carry other routes and upgrades. */
  server: HttpServer | HttpsServer;
  /** The model behind `agent_query` and `streaming_query`. */
  provider: LlmProvider;
  /**
   * The tools of the model and of `tool_call`.
   * @default none
   */
  tools?: ToolRegistry | Iterable<Tool>;
  /**
   * Path of the endpoint.
   * @default '/ws/agent'
   */
  path?: string;
  /**
   * What the model is told before every conversation.
   * @default none
   */
  systemPrompt?: string;
  /** What a query may choose for itself. */
  clientMayChoose?: ClientChoices;

  /**
   * Called once for every handshake, after Origin and Host were checked and a slot is reserved. What it returns
   * (or resolves to) owns the connection and its runs; `null` refuses with close code 4401, as does throwing
   * (the error is logged). Throwing an `AgentSocketError` with code `forbidden` refuses with 4403.
   * @default everybody is anonymous and shares one namespace of runs
   */
  authenticate?: (request: IncomingMessage) => P | null | Promise<P | null>;
  /**
   * How long `authenticate` may take; over it the handshake ends with 4408.
   * @default 10000
   */
  authenticateTimeoutMs?: number;
  /**
   * Makes the embedder's own metadata of a connection. Called once, after `authenticate`; throwing refuses with 1011.
   * @default undefined
   */
  metadata?: (request: IncomingMessage, principal: P) => Metadata;
  /**
   * Origins of pages that may connect besides the same host and loopback: `'https://app.example'`, or `'*'` for all.
   * Clients that send no Origin are no browsers and always pass.
   * @default []
   */
  allowedOrigins?: readonly string[];
  /**
   * Values of `Host` that are served, without port, or `'*'` for all.
   * @default loopback names where the server is bound to loopback (DNS rebinding), otherwise all
   */
  allowedHosts?: readonly string[];

  /**
   * Connections at the same time; over it a handshake ends with 1013.
   * @default 1000
   */
  maxConnections?: number;
  /**
   * How often a silent connection is pinged. A dead one is gone after this and min(this, 10 s).
   * @default 30000
   */
  heartbeatIntervalMs?: number;
  /**
   * Bytes in one incoming message; over it the connection ends with 1009.
   * @default 1048576
   */
  maxMessageBytes?: number;
  /**
   * Unsent bytes of a connection above which its runs wait for it.
   * @default 262144
   */
  backpressureBytes?: number;
  /**
   * How long a connection may stay above `backpressureBytes` before it is closed with 4508.
   * @default 30000
   */
  slowConsumerMs?: number;
  /**
   * Compression of messages (RFC 7692). Costs memory and CPU per connection.
   * @default false
   */
  perMessageDeflate?: boolean;

  /**
   * Runs in progress on one connection; one more gets `too_many_runs`.
   * @default 16
   */
  maxRunsPerConnection?: number;
  /**
   * Model calls in one run; after the last the run ends with finish reason `max_steps`.
   * @default 8
   */
  maxSteps?: number;
  /**
   * How long a run may last.
   * @default 600000
   */
  maxRunMs?: number;
  /**
   * Encoded output of one run; over it the run ends with `output_too_large`.
   * @default 16777216
   */
  maxRunBytes?: number;
  /**
   * Encoded output of all runs in progress; over it new ones get `too_many_runs` and the largest ends with `output_too_large`.
   * @default 268435456
   */
  maxLogBytes?: number;
  /**
   * Encoded output of ended runs kept for reading again; over it the oldest go first.
   * @default 134217728
   */
  maxRetainedBytes?: number;
  /**
   * How long the output of an ended run can be read again.
   * @default 300000
   */
  retainMs?: number;
  /**
   * Encoded result of one tool call; over it the call fails with `output_too_large`.
   * @default 262144
   */
  maxToolResultBytes?: number;
  /**
   * Under load, the least time between two chunks of a run; text that arrives between them travels together.
   * @default 35
   */
  coalesceMs?: number;
  /**
   * Where run logs are kept.
   * @default in memory
   */
  store?: RunStore;
  /**
   * Where the server reports. Message content, tokens and keys are never logged.
   * @default silent
   */
  logger?: Logger;
}
