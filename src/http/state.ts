import type { LlmTool } from '../tool/llm-tool.js';
import type { StatisticsSnapshot } from './statistics.js';

/** What the HTTP routes need to know of the server they belong to. */
export interface HttpRoutesState {
  /** Path of the WebSocket endpoint. */
  readonly path: string;
  /** What the documents say about the server. */
  readonly info: { readonly version: string };
  /** Called for every `GET /ws/statistics`. */
  statistics(): StatisticsSnapshot;
  /** Called for every request for a document. */
  tools(): readonly LlmTool[];
  /** Whether the server takes new connections: neither draining nor full. */
  isReady(): boolean;
}
