import { OptionError } from './option-error.js';
import { secret, text } from './rule.js';
import { orTimeout } from './within.js';

/** How long the first connection to Redis may take, in milliseconds. */
export const FIRST_CONNECT_MS = 5_000;

/** First and longest pause before a connection is made again, in milliseconds. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 500;
/** How long a client stays connected at least before it leaves a replica, in milliseconds. */
const STAY_MS = 500;

/** Answers of Redis to a connection that no further attempt would change. */
const REFUSED = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM']);
/** Answers of a replica, also inside of a script: it takes no writes, or answers nothing without its master. */
const OF_REPLICA = /(?:^|-)(?:READONLY|MASTERDOWN) /;
/** Codes of Node for a certificate that is not trusted. */
const UNTRUSTED = /CERT|UNABLE_TO_VERIFY/;

/** It may hold a password. */
export const aRedisAddress = secret(
  'an address such as redis://localhost:6379',
  (url) => /^rediss?:\/\//.test(url) && URL.canParse(url),
);

/** Braces would name the slot of Redis Cluster. */
export const aKeyPrefix = text('1 to 40 letters, digits, "-", "_", "." or ":"', (prefix) =>
  /^[\w.:-]{1,40}$/.test(prefix),
);

/**
 * The one of two options that says how to reach Redis.
 * @throws OptionError if none or both are given
 */
export function urlOrClient<Client extends object>(
  url: string | undefined,
  client: Client | undefined,
): string | Client {
  const given = url ?? client;
  if (given === undefined || (url !== undefined && client !== undefined)) {
    throw new OptionError('url', 'Either "url" or "client" is needed, and not both');
  }
  return given;
}

/** The code of an error that Redis answered, such as `NOSCRIPT`; `undefined` if Redis did not answer. */
export function replyCode(error: unknown): string | undefined {
  return error instanceof Error ? /^([A-Z]{2,}) /.exec(error.message)?.[1] : undefined;
}

/** Whether Redis refuses the password or the user, or its certificate is not trusted: no further attempt can succeed. */
export function isRefusal(error: unknown): error is Error {
  if (REFUSED.has(replyCode(error) ?? '')) return true;
  return error instanceof Error && 'code' in error && UNTRUSTED.test(String(error.code));
}

/**
 * Waits for the first connection of a client, which would go on trying.
 * @param connect - lets the client begin
 * @param watch - calls a listener with each error of the client
 * @param toError - makes the error out of why there is no connection
 * @throws that error, at once if Redis refuses and otherwise after 5 s
 */
export async function firstConnection(
  connect: () => Promise<unknown>,
  watch: (onError: (error: unknown) => void) => void,
  toError: (cause: unknown) => Error,
): Promise<void> {
  let reason: unknown;
  const refused = new Promise<never>((_, reject) => {
    watch((error) => {
      reason = error;
      if (isRefusal(error)) reject(error);
    });
  });
  try {
    await orTimeout(FIRST_CONNECT_MS, Promise.race([connect(), refused]));
  } catch (error) {
    throw toError(isRefusal(error) ? error : hangUp(reason ?? error));
  }
}

/**
 * What it means if Redis ends each connection. Its client keeps back what Redis says before, since that is the answer to
 * nothing.
 */
function hangUp(error: unknown): unknown {
  const isHangUp =
    error instanceof Error &&
    (error.constructor.name === 'SocketClosedUnexpectedlyError' || ('code' in error && error.code === 'ECONNRESET'));
  if (!isHangUp) return error;
  return new Error(
    'Redis closes each connection: is it in protected mode, which serves this machine only, does it want TLS (rediss://), or are there as many clients as maxclients allows?',
    { cause: error },
  );
}

/** How long to wait before a connection is made again, in milliseconds; by default, a client gives up one that was silent. */
export function reconnectMs(retries: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** retries, LAST_RETRY_MS) * (0.75 + Math.random() / 2);
}

/**
 * Takes the errors of one connection, and lets it be made anew if a replica answered: after a failover behind one address the
 * old master keeps its connections, while a new connection reaches the new master.
 * @param quit - sends `QUIT`: Redis answers what came before and closes the connection, and the client connects again
 */
export function leaveReplicas(quit: () => Promise<unknown>): (error: unknown) => void {
  let leftAt = -Infinity;
  return (error) => {
    if (!(error instanceof Error && OF_REPLICA.test(error.message))) return;
    const now = performance.now();
    if (now - leftAt < STAY_MS) return;
    leftAt = now;
    quit().catch(() => undefined);
  };
}
