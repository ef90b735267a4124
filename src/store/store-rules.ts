import { methods, must } from '../runtime/rule.js';

const SUCH_AS = 'such as createMemoryStore() makes';

export const aRunStore = methods(`a RunStore, ${SUCH_AS}`, ['create', 'open', 'list', 'unfinished']);
export const aCluster = methods('a Cluster, such as createRedisStore() makes', ['join', 'leave', 'stop', 'adopt']);
export const aWorkQueue = methods('a WorkQueue, such as createBullMqQueue() makes', ['add', 'take', 'positions']);
export const aToolLedger = methods(`a ToolLedger, ${SUCH_AS}`, ['begin', 'settle', 'forget']);
export const aConversationStore = methods(`a ConversationStore, ${SUCH_AS}`, ['append', 'read']);

/** Checks that all parts are present. Each part is checked by its user. */
export const aStore = must(`a Store, ${SUCH_AS}`, (store) => {
  const parts = Object(store) as Record<string, unknown>;
  return ['runs', 'ledger', 'conversations'].every((part) => typeof parts[part] === 'object' && parts[part] !== null);
});
