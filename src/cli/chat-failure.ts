import { AgentClientError } from '../client/client-error.js';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import { SUBPROTOCOL } from '../protocol/version.js';

/** Why there is no connection to this URL, as far as it is known, and what may help. */
export function connectFailure(url: string, error: NodeJS.ErrnoException | undefined): string {
  const { code = '', message = '' } = error ?? {};
  const isSecure = /^(?:wss|https):/i.test(url);
  const [, status] = /^Unexpected server response: (\d+)$/.exec(message) ?? [];
  if (status !== undefined) return `${url} answers with HTTP status ${status}, not as a WebSocket endpoint`;
  if (message === 'Server sent no subprotocol') return `The server at ${url} does not speak ${SUBPROTOCOL}`;
  if (isSecure && CERTIFICATE.test(code)) {
    const reason = REASONS[code] ?? code;
    return `The certificate of ${url} is not trusted: ${reason}. NODE_EXTRA_CA_CERTS names a file with further authorities`;
  }
  if (isSecure && /^(?:EPROTO$|ERR_SSL_)/.test(code)) {
    return `There is no TLS at ${url}: the port may speak without it. Try ws://`;
  }
  if (!isSecure && /^(?:ECONNRESET$|HPE_)/.test(code)) {
    return `There is no HTTP at ${url}: the port may speak TLS. Try wss://`;
  }
  if (code === 'ENOTFOUND') return `There is no answer from ${url}: there is no host of this name`;
  return `There is no answer from ${url}. Is the service running? agent-ws serve starts one`;
}

/** Why the server refused this client, and what may help. */
export function refusal(error: Error): string {
  const hint = error instanceof AgentClientError ? HINTS.get(error.closeCode ?? 0) : undefined;
  return hint === undefined ? error.message : `${error.message}. ${hint}`;
}

const HINTS: ReadonlyMap<number, string> = new Map([
  [CLOSE_CODES.unauthorized.code, 'The variable AGENT_WS_TOKEN holds the token for the server'],
  [CLOSE_CODES.unknownKey.code, 'The server has another key than --server-key'],
  [CLOSE_CODES.encryptionRequired.code, '--server-key names the key that the server shows when it starts'],
]);

/** Error codes of Node for a certificate that is not accepted. */
const CERTIFICATE = /^(?!ERR_SSL_).*(?:CERT|LEAF_SIGNATURE|INVALID_CA|HOSTNAME_MISMATCH)/;

const REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
};
