import type { AgentClient } from './client.js';
import { ConnectionStore } from './react-connection.js';
import { ConversationStore } from './react-conversation.js';
import { ConversationsStore } from './react-conversations.js';

/** Conversations of one client that are kept although nothing shows them, at most. */
const MAX_IDLE = 20;

/** What the components of one client share: what one of them asks, the others show, and it outlives them. */
class Shared {
  readonly connection: ConnectionStore;
  readonly list: ConversationsStore;
  readonly #client: AgentClient;
  readonly #conversations = new Map<string, ConversationStore>();

  constructor(client: AgentClient) {
    this.#client = client;
    this.connection = new ConnectionStore(client);
    this.list = new ConversationsStore(client);
  }

  conversation(id: string): ConversationStore {
    const store = this.#conversations.get(id) ?? this.#newConversation(id);
    // The one used last is the last.
    this.#conversations.delete(id);
    this.#conversations.set(id, store);
    this.#tidy();
    return store;
  }

  #newConversation(id: string): ConversationStore {
    const store = new ConversationStore(this.#client, id, () => {
      // What is shown first may have been let go since it was rendered, where many are rendered before any is shown.
      if (!this.#conversations.has(id)) this.#conversations.set(id, store);
    });
    return store;
  }

  #tidy(): void {
    let surplus = this.#conversations.size - MAX_IDLE;
    for (const [id, store] of this.#conversations) {
      if (surplus <= 0) return;
      if (store.isBusy) continue;
      this.#conversations.delete(id);
      surplus--;
    }
  }
}

const byClient = new WeakMap<AgentClient, Shared>();

export function sharedOf(client: AgentClient): Shared {
  let shared = byClient.get(client);
  if (shared === undefined) byClient.set(client, (shared = new Shared(client)));
  return shared;
}
