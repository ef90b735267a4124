/** `agent-ws/testing`: what tests of an embedding server need. */
export {
  createScriptedProvider,
  type Script,
  type ScriptedCall,
  type ScriptedProvider,
  type ScriptStep,
} from './scripted-provider.js';
export { linkSockets, type LinkedSocket, type LinkOptions } from './linked-sockets.js';
export { TestClient, type TestClientOptions, type TestClose, type TestSocket } from './test-client.js';
