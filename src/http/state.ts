import type { LlmTool } from '../tool/llm-tool.js';
import type { MessageKeyBody } from './message-key.js';
import type { MetricsSource } from './metrics.js';
import type { ClusterSnapshot, StatisticsSnapshot } from './statistics.js';

/** What the HTTP routes need to know of their server. */
export interface HttpRoutesState {
  /** Path of the WebSocket endpoint. */
  readonly path: string;
  /** Information about the server for the documents. */
  readonly info: { readonly version: string };
  /** The public key for encrypted messages, as a JWK; `undefined` if the server does not encrypt. */
  readonly messageKey?: (() => MessageKeyBody) | undefined;
  /** Called for every `GET /ws/statistics`. */
  statistics(): StatisticsSnapshot;
  /** The cluster of the server; `undefined` if the server is alone. */
  readonly cluster?: ClusterSnapshot | undefined;
  /** Served at `/metrics`; absent if nothing is. */
  readonly metrics?: MetricsSource | undefined;
  /** Called for every request for a document. */
  tools(): readonly LlmTool[];
  /** Whether the server accepts new connections: neither draining nor full. */
  isReady(): boolean;
}
