// What the code of the documentation takes for granted: the reader's own program. It exists for the compiler alone.
import type { IncomingMessage, Server } from 'node:http';
import type { AgentSocketServer, ConversationStore, LlmProvider, Principal, Tool } from 'agent-ws';
import type { AgentClient, ClientRun, Conversation } from 'agent-ws/client';

interface Tenant {
  readonly id: string;
  readonly openai: { readonly apiKey: string; readonly model: string };
  readonly tools: readonly Tool[];
}

// The service
export declare const server: Server;
export declare const provider: LlmProvider;
export declare const agent: AgentSocketServer;
export declare function authenticate(request: IncomingMessage): Promise<Principal | null>;

// The client
export declare const client: AgentClient;
export declare const trip: Conversation;
export declare function show(what: unknown, run?: ClientRun): void;
export declare const file: File;

// What a program has besides
export declare const bank: { refund(orderId: string, amount: number, idempotencyKey: string): Promise<{ id: string }> };
export declare function budgetOf(principalId: string): Promise<number>;
export declare function charge(principalId: string, tokens: number): void;
export declare const conversations: ConversationStore;
export declare const key: Uint8Array;
export declare const rows: readonly Tenant[];
export declare function log(text: string): void;
export declare function promptOf(user: string, conversation: string | undefined): Promise<string>;
export declare function sessionOf(cookie: string | undefined): Promise<{ id: string; name: string } | undefined>;
export declare function urlFor(city: string): URL;
export declare function weatherOf(city: string, options: { key: string; signal: AbortSignal }): Promise<unknown>;
