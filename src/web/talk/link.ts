import { type AgentClient, type AgentClientError, CLIENT_ERROR_CODES, createAgentClient } from '../../client/index.js';
import { probe } from '../frames/recording.js';
import { recordSockets } from '../frames/recording-socket.js';
import { recording } from '../frames/recording.js';
import { link } from '../page.js';
import { readKept, writeKept } from '../ui/kept.js';
import { Value } from '../ui/signal.js';
import { followRaw, resumeLoose } from './loose.js';
import { followClient } from './tracks.js';

/** The sockets of the client. */
export const recorder = recordSockets(recording.frames, 'client', WebSocket);
/** The sockets without a subprotocol. */
export const plainRecorder = recordSockets(recording.frames, 'plain', WebSocket);

/** How the last connection ended, until there is another one. */
export interface CloseReport {
  readonly code: number;
  readonly reason: string;
}

export const closed = new Value<CloseReport | undefined>(undefined);
/** The person dropped the connection, and it is not back yet. */
export const isDropped = new Value(false);

/** What the server refused that belongs to no run, the newest last. */
export const notices = new Value<readonly AgentClientError[]>([]);

const MAX_NOTICES = 20;

let endpoint: string | undefined;
/** Ends the pings of the client. */
let stopProbe: () => void = () => undefined;
/** Kept for the tab, and for a second tab that is opened from it. It never stands in an address. */
let token = readKept('sessionStorage', 'token') ?? '';

export function keptToken(): string {
  return token;
}

/** The headers that say who asks, for routes of the server of the endpoint: no other server gets the token. */
export function credentialsFor({ host }: URL): Readonly<Record<string, string>> {
  if (token === '' || endpoint === undefined || new URL(endpoint).host !== host) return {};
  return { authorization: `Bearer ${token}` };
}

/**
 * Connects, for the first time or again.
 * @throws TypeError if the endpoint is no URL of a WebSocket
 */
export function connectTo(url: string, newToken: string): void {
  if (url !== endpoint || newToken !== token || link.value === undefined) {
    const client = createAgentClient({
      url,
      WebSocket: recorder.WebSocket,
      ...(newToken !== '' && { token: () => newToken }),
    });
    stopProbe();
    link.value?.close();
    endpoint = url;
    token = newToken;
    writeKept('sessionStorage', 'token', token);
    listen(client);
    link.value = client;
  }
  closed.value = undefined;
  connect();
}

/** Closes the connection for good. */
export function disconnect(): void {
  isDropped.value = false;
  link.value?.close();
  closed.value = undefined;
}

/** Loses the connection as a bad network would. */
export function drop(): void {
  isDropped.value = true;
  recorder.drop();
}

/** Comes back at once. */
export function retryNow(): void {
  recorder.release();
  connect();
}

function connect(): void {
  // The banner tells why there is no connection.
  link.value?.connect().catch(() => undefined);
}

function listen(client: AgentClient): void {
  stopProbe = probe(client, recording.frames, recording.latency);
  followClient(client);
  followRaw(client);
  resumeLoose(client);
  client.on('disconnected', (report) => (closed.value = report));
  client.on('error', (error) => {
    const { code, closeCode } = error;
    if (!(code in CLIENT_ERROR_CODES)) notices.value = [...notices.value, error].slice(-MAX_NOTICES);
    if (closeCode !== undefined && closed.value?.code !== closeCode) closed.value = { code: closeCode, reason: '' };
  });
  client.on('connected', () => {
    closed.value = undefined;
    isDropped.value = false;
  });
}
