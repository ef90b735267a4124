import { createServer, type RequestListener, type Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Pipeline } from '../http/pipeline.js';
import { boundHttpSockets } from '../transport/http-sockets.js';
import type { Certificate } from './certificate.js';
import { CliError, systemReason } from './cli-error.js';
import type { SettingName, Settings } from './settings-table.js';

type KeyOf = (name: SettingName) => string;

/** Time limits for the head of a request and for all of it, shorter than Node's own 60 s and 5 min. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 };

/** Maximum number of sockets besides WebSocket connections: pages, probes, and handshakes that are being refused. */
const EXTRA_SOCKETS = 256;

/** How many of them may be HTTP sockets. The rest is for handshakes, which are no HTTP sockets any more. */
const HTTP_SOCKETS = 192;

/** Time after which a socket that neither sends nor takes anything is closed, and for a TLS handshake, in milliseconds. */
const IDLE_MS = 15_000;
const HANDSHAKE_MS = 10_000;

/** Creates the server, with TLS if there is a certificate. */
export function createHttpServer({ maxConnections }: Settings, certificate?: Certificate): Server | TlsServer {
  const server = certificate?.createServer({ ...TIMEOUTS, handshakeTimeout: HANDSHAKE_MS }) ?? createServer(TIMEOUTS);
  server.setTimeout(IDLE_MS);
  boundHttpSockets(server, HTTP_SOCKETS);
  server.maxConnections = maxConnections + EXTRA_SOCKETS;
  return server;
}

/** How many sockets a server for probes and scrapers has, and how many more may be on their way. */
const SIDE_SOCKETS = 64;
const EXTRA_SIDE_SOCKETS = 16;

/** Creates a server for a few probes and scrapers, beside that of the service and with the same defences. */
export function createSideServer(answer: RequestListener): Server {
  const server = createServer(TIMEOUTS);
  server.setTimeout(IDLE_MS);
  boundHttpSockets(server, SIDE_SOCKETS);
  server.maxConnections = SIDE_SOCKETS + EXTRA_SIDE_SOCKETS;
  const pipeline = new Pipeline();
  server.on('request', (request, response) => pipeline.inTurn(request, response, () => answer(request, response)));
  return server;
}

/**
 * Starts to listen.
 * @throws CliError if the address is not available
 */
export async function listen(
  server: Server,
  { host, port }: { host: string; port: number },
  keyOf: KeyOf,
): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(cannotListen(error, host, port, keyOf));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
  // A TCP server that listens always has an address.
  return server.address() as AddressInfo;
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number, keyOf: KeyOf): CliError {
  const message = {
    EADDRINUSE: `${keyOf('port')}: ${port} is already in use on ${host}; stop the other server or choose another port`,
    EACCES: `${keyOf('port')}: no permission to listen on ${port}; ports below 1024 may need it`,
    EADDRNOTAVAIL: `${keyOf('host')}: "${host}" is not an address of this machine`,
    ENOTFOUND: `${keyOf('host')}: "${host}" is not an address or a known name`,
    EAI_AGAIN: `${keyOf('host')}: "${host}" is not an address, and the name cannot be looked up now`,
  }[error.code ?? ''];
  return new CliError(message ?? `${keyOf('host')}: cannot listen on ${host}, port ${port}: ${systemReason(error)}`, {
    cause: error,
  });
}
