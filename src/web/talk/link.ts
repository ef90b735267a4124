import { CLIENT_ERROR_CODES, createAgentClient, type AgentClient, type AgentClientError } from '../../client/index.js';
import { probe } from '../frames/latency.js';
import { Recording } from '../frames/recording.js';
import { recordSockets } from '../frames/recording-socket.js';
import { readKept, writeKept } from '../ui/kept.js';
import { createValue } from '../ui/value.js';
import { DroppableSocket, newestSocket } from './droppable-socket.js';
import { resumeLoose } from './loose.js';
import { followClient } from './tracks.js';

/** The page lies under `/static/`; a server that is mounted below a prefix moves everything together. */
const ROOT = new URL('..', location.href);

/** Every frame of the page. */
export const recording = new Recording();
/** The sockets of the client. */
export const recorder = recordSockets(recording.frames, 'client', DroppableSocket);
/** The sockets without a subprotocol. */
export const plainRecorder = recordSockets(recording.frames, 'plain', WebSocket);

/** An address of the server. */
export function addressOf(path: string): URL {
  return new URL(path.replace(/^\//, ''), ROOT);
}

/** How the last connection ended, until there is another one. */
export interface CloseReport {
  readonly code: number;
  readonly reason: string;
}

export const closed = createValue<CloseReport | undefined>(undefined);
/** The person dropped the connection, and it is not back yet. */
export const isDropped = createValue(false);

/** What the server refused that belongs to no run, the newest last. */
export const notices = createValue<readonly AgentClientError[]>([]);

const MAX_NOTICES = 20;

let endpoint: string | undefined;
/** Ends the pings of the client. */
let stopProbe: () => void = () => undefined;
/** Kept for the tab, and for a second tab that is opened from it. It never stands in an address. */
let token = readKept('sessionStorage', 'token') ?? '';

export function keptToken(): string {
  return token;
}

/** The client of the page. Another endpoint or another token makes another one. */
export const link = createValue<AgentClient | undefined>(undefined);

/**
 * Connects, for the first time or again.
 * @throws TypeError if the endpoint is no URL of a WebSocket
 */
export function connectTo(url: string, newToken: string): void {
  if (url !== endpoint || newToken !== token || link.get() === undefined) {
    const client = createAgentClient({
      url,
      WebSocket: recorder.WebSocket,
      ...(newToken !== '' && { token: () => newToken }),
    });
    stopProbe();
    link.get()?.close();
    endpoint = url;
    token = newToken;
    writeKept('sessionStorage', 'token', token);
    listen(client);
    link.set(client);
  }
  closed.set(undefined);
  link
    .get()
    ?.connect()
    .catch(() => undefined);
}

/** Closes the connection for good. */
export function disconnect(): void {
  isDropped.set(false);
  link.get()?.close();
  closed.set(undefined);
}

/** Loses the connection as a bad network would. */
export function drop(): void {
  isDropped.set(true);
  newestSocket()?.drop();
}

/** Comes back at once. */
export function retryNow(): void {
  newestSocket()?.release();
  link
    .get()
    ?.connect()
    .catch(() => undefined);
}

function listen(client: AgentClient): void {
  stopProbe = probe(client, recording.frames, recording.latency);
  followClient(client);
  resumeLoose(client);
  client.on('disconnected', closed.set);
  client.on('error', (error) => {
    const { code, closeCode } = error;
    if (!(code in CLIENT_ERROR_CODES)) notices.set([...notices.get(), error].slice(-MAX_NOTICES));
    if (closeCode !== undefined && closed.get()?.code !== closeCode) closed.set({ code: closeCode, reason: '' });
  });
  client.on('connected', () => {
    closed.set(undefined);
    isDropped.set(false);
  });
}
