import type { AgentClient } from './client.js';
import { ConnectionStore } from './react-connection.js';
import { ConversationStore } from './react-conversation.js';
import { ConversationsStore } from './react-conversations.js';
import { RoomStore } from './react-room.js';

/** Maximum number of conversations of one client that are kept although no component shows them. */
const MAX_IDLE = 20;

/** What the components of one client share. The stores outlive their components. */
class Shared {
  readonly connection: ConnectionStore;
  readonly list: ConversationsStore;
  readonly #client: AgentClient;
  readonly #conversations = new Map<string, ConversationStore>();
  readonly #rooms = new Map<string, RoomStore>();

  constructor(client: AgentClient) {
    this.#client = client;
    this.connection = new ConnectionStore(client);
    this.list = new ConversationsStore(client);
  }

  room(name: string): RoomStore {
    let store = this.#rooms.get(name);
    if (store === undefined) this.#rooms.set(name, (store = new RoomStore(this.#client, name)));
    return store;
  }

  conversation(id: string): ConversationStore {
    const store = this.#conversations.get(id) ?? this.#newConversation(id);
    // Inserted again, so that the most recently used is the last.
    this.#conversations.delete(id);
    this.#conversations.set(id, store);
    this.#tidy();
    return store;
  }

  #newConversation(id: string): ConversationStore {
    const store = new ConversationStore(this.#client, id, () => {
      // If many conversations are rendered at once, this one may have been dropped between render and subscription.
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
