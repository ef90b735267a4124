import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { boundHttpSockets } from '../transport/http-sockets.js';
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

/**
 * Creates the server, with TLS if certificate and key are given.
 * @throws CliError if only one of them is given, or they cannot be read or used
 */
export function createHttpServer(settings: Settings, keyOf: KeyOf): Server | TlsServer {
  const { tlsCert, tlsKey } = settings;
  const server =
    tlsCert === undefined && tlsKey === undefined ? createServer(TIMEOUTS) : secured(tlsCert, tlsKey, keyOf);
  server.setTimeout(IDLE_MS);
  boundHttpSockets(server, HTTP_SOCKETS);
  server.maxConnections = settings.maxConnections + EXTRA_SOCKETS;
  return server;
}

function secured(certFile: string | undefined, keyFile: string | undefined, keyOf: KeyOf): TlsServer {
  if (certFile === undefined) throw new CliError(`${keyOf('tlsCert')}: must be given together with ${keyOf('tlsKey')}`);
  if (keyFile === undefined) throw new CliError(`${keyOf('tlsKey')}: must be given together with ${keyOf('tlsCert')}`);
  const cert = readPem(certFile, keyOf('tlsCert'));
  const key = readPem(keyFile, keyOf('tlsKey'));
  try {
    return createTlsServer({ ...TIMEOUTS, handshakeTimeout: HANDSHAKE_MS, cert, key });
  } catch (error) {
    throw new CliError(
      `${keyOf('tlsCert')}, ${keyOf('tlsKey')}: must be a PEM certificate and its key: ${systemReason(error)}`,
      { cause: error },
    );
  }
}

function readPem(file: string, key: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CliError(`${key}: "${file}" cannot be read: ${systemReason(error)}`, { cause: error });
  }
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
