import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { UpstreamBody } from './upstream-body.js';

/** The part of undici's controller that is used. */
interface Control {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * Decompresses a body that a proxy compressed without being asked. Holds at most one read of compressed bytes, and as
 * many decompressed bytes as the body takes.
 */
export class Decompression implements Control {
  readonly #control: Control;
  readonly #decoder: Transform;

  private constructor(control: Control, decoder: Transform) {
    this.#control = control;
    this.#decoder = decoder;
  }

  /** @param encoding - `Content-Encoding`; the result is `undefined` if the encoding is absent or not supported. */
  static of(encoding: string | null, control: Control): Decompression | undefined {
    const name = encoding?.trim().toLowerCase() ?? '';
    const create = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    return create === undefined ? undefined : new Decompression(control, create());
  }

  /** Sets the body that gets the decompressed bytes. */
  feed(body: UpstreamBody): void {
    this.#decoder.on('data', (bytes: Buffer) => body.push(bytes));
    this.#decoder.on('end', () => body.finish({}));
    this.#decoder.on('error', (error) => {
      body.finish({ error });
      this.#control.abort(error);
    });
  }

  push(bytes: Buffer): void {
    if (this.#decoder.destroyed || this.#decoder.write(bytes)) return;
    this.#control.pause();
    this.#decoder.once('drain', () => this.#control.resume());
  }

  end(): void {
    this.#decoder.end();
  }

  pause(): void {
    this.#decoder.pause();
  }

  resume(): void {
    this.#decoder.resume();
  }

  abort(reason: Error): void {
    this.#decoder.destroy();
    this.#control.abort(reason);
  }
}
