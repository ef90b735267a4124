/** `agent-ws/encryption`: encrypts the messages of a client of `agent-ws/client`, in browsers and in Node. */
export { encryptFor, type MessageKey } from './encrypt-for.js';
export type { MessageEncryption } from './options.js';
