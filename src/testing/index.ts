/** `agent-ws/testing`: tools to test an embedding server and implementations of its ports. */
export { clusterCases } from './conformance/cluster-cases.js';
export type { ClusterNodes, NodeUnderTest } from './conformance/cluster-node.js';
export type { ConformanceCase } from './conformance/conformance-case.js';
export { conversationStoreCases, type ConversationStoreSettings } from './conformance/conversation-store-cases.js';
export {
  llmProviderCases,
  type LlmProviderQuestions,
  type LlmProviderUnderTest,
} from './conformance/llm-provider-cases.js';
export { roomStoreCases } from './conformance/room-store-cases.js';
export { runLogCases } from './conformance/run-log-cases.js';
export { runStoreCases, type RunStoreSettings } from './conformance/run-store-cases.js';
export { runStoreFaultCases, type BreakableStore } from './conformance/run-store-fault-cases.js';
export { socketCases, type SocketFarEnd, type SocketPair } from './conformance/socket-cases.js';
export { toolLedgerCases } from './conformance/tool-ledger-cases.js';
export { workQueueCases, type OpenWorkQueue } from './conformance/work-queue-cases.js';
export {
  createScriptedProvider,
  type Script,
  type ScriptedCall,
  type ScriptedProvider,
  type ScriptStep,
} from './scripted-provider.js';
export { FaultProxy, type FaultProxyOptions } from './fault-proxy.js';
export type { FaultyConnection } from './faulty-connection.js';
export type { Cut, CutKind, FaultDirection, Faults } from './faults.js';
export { linkSockets, type LinkedSocket, type LinkOptions } from './linked-sockets.js';
export { createRandom, type Random } from './random.js';
export { TestClient, type TestClientOptions, type TestClose, type TestSocket } from './test-client.js';
