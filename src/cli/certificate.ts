import { createServer, type Server, type ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { CliError, systemReason } from './cli-error.js';
import { readSettingFile } from './setting-file.js';
import type { SettingName, Settings } from './settings-table.js';
import { WatchedFiles } from './watched-files.js';

/** A certificate and its key, in PEM format. */
interface Pair {
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/** The certificate of the command: two files, read again when they change. */
export class Certificate {
  readonly files: WatchedFiles;
  #pair: Pair;
  #server: Server | undefined;

  private constructor(paths: readonly string[], pair: readonly Buffer[]) {
    this.#pair = pairOf(pair);
    this.files = new WatchedFiles({
      name: 'TLS certificate',
      paths,
      contents: pair,
      use: (contents) => {
        const next = pairOf(contents);
        createSecureContext(next);
        this.#pair = next;
        // New connections get the new certificate; open ones are not touched.
        this.#server?.setSecureContext(next);
      },
    });
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
    const pair = [readSettingFile(tlsCert, certKey), readSettingFile(tlsKey, keyKey)];
    try {
      createSecureContext(pairOf(pair));
    } catch (error) {
      // What OpenSSL says of a passphrase depends on its version.
      const reason = /ENCRYPTED/.test(pair.join('')) ? 'the key has a passphrase' : systemReason(error);
      throw new CliError(`${certKey}, ${keyKey}: must be a PEM certificate and its key: ${reason}`, { cause: error });
    }
    return new Certificate([tlsCert, tlsKey], pair);
  }

  /** Creates a server that uses the certificate. */
  createServer(options: ServerOptions): Server {
    return (this.#server = createServer({ ...options, ...this.#pair }));
  }
}

function pairOf([cert, key]: readonly Buffer[]): Pair {
  return { cert, key };
}
