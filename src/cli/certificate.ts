import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../runtime/logger.js';
import { CliError, systemReason } from './cli-error.js';
import { readSettingFile } from './setting-file.js';
import type { SettingName, Settings } from './settings-table.js';

/** How often the files are looked at, in milliseconds. */
const LOOK_MS = 2_000;

/** A certificate and its key, in PEM format. */
interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Their paths. */
interface Files {
  readonly cert: string;
  readonly key: string;
}

/** The certificate of the command: two files, read again when they change. */
export class Certificate {
  readonly #files: Files;
  #pair: Pair;
  #server: Server | undefined;
  #logger: Logger | undefined;

  private constructor(files: Files, pair: Pair) {
    this.#files = files;
    this.#pair = pair;
  }

  /**
   * Reads the files that the settings name. Returns `undefined` if they name none.
   * @throws CliError if only one of them is given, or they cannot be read or used
   */
  static open({ tlsCert, tlsKey }: Settings, keyOf: (name: SettingName) => string): Certificate | undefined {
    const [certKey, keyKey] = [keyOf('tlsCert'), keyOf('tlsKey')];
    if (tlsCert === undefined && tlsKey === undefined) return undefined;
    if (tlsCert === undefined) throw new CliError(`${certKey}: must be given together with ${keyKey}`);
    if (tlsKey === undefined) throw new CliError(`${keyKey}: must be given together with ${certKey}`);
    const pair = { cert: readSettingFile(tlsCert, certKey), key: readSettingFile(tlsKey, keyKey) };
    try {
      createSecureContext(pair);
    } catch (error) {
      throw new CliError(`${certKey}, ${keyKey}: must be a PEM certificate and its key: ${systemReason(error)}`, {
        cause: error,
      });
    }
    return new Certificate({ cert: tlsCert, key: tlsKey }, pair);
  }

  /** Creates a server that uses the certificate. */
  createServer(options: ServerOptions): Server {
    return (this.#server = createServer({ ...options, ...this.#pair }));
  }

  /** Reads the files again whenever they change, until the server closes. */
  watch(logger: Logger): void {
    this.#logger = logger;
    for (const file of this.#paths) {
      // Looking at the file itself, not at events of its directory, also sees a symbolic link that leads elsewhere now.
      watchFile(file, { interval: LOOK_MS, persistent: false }, this.#changed);
    }
    this.#server?.once('close', () => {
      for (const file of this.#paths) unwatchFile(file, this.#changed);
    });
  }

  /**
   * Reads the files again. New connections get the new certificate; open ones are not touched. A pair that cannot be
   * used is logged, and the old one stays.
   */
  readonly reload = (): void => {
    let pair: Pair;
    try {
      pair = { cert: readFileSync(this.#files.cert), key: readFileSync(this.#files.key) };
      createSecureContext(pair);
    } catch (error) {
      this.#logger?.error({ err: error }, 'The new TLS certificate cannot be used; the old one stays in use');
      return;
    }
    this.#pair = pair;
    this.#server?.setSecureContext(pair);
    this.#logger?.info({}, 'The TLS certificate was read again');
  };

  readonly #changed = (): void => {
    if (!this.#isCurrent()) this.reload();
  };

  get #paths(): readonly string[] {
    return [this.#files.cert, this.#files.key];
  }

  /** Whether the files hold what is in use: the second of two changes may have been read with the first. */
  #isCurrent(): boolean {
    try {
      return (
        readFileSync(this.#files.cert).equals(this.#pair.cert) && readFileSync(this.#files.key).equals(this.#pair.key)
      );
    } catch {
      return false;
    }
  }
}
