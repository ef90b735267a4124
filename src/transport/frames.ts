/** Bits of the first two bytes of a frame (RFC 6455, section 5.2). */
const FINAL = 0x80;
const CONTROL = 0x08;
const MASKED = 0x80;
const LENGTH = 0x7f;

/** Bytes of a mask. */
const MASK_BYTES = 4;

/** Finds the ends of the frames in what a socket receives, however it is cut into chunks. Does not check the frames. */
export class Frames {
  /** Bytes of the head that were read; of the length in 2 or 8 bytes that are to come; of mask and payload that are. */
  #head = 0;
  #lengthBytes = 0;
  #rest = 0;
  #isMasked = false;
  #isFragment = false;
  #isControl = false;

  /** Whether the frame that was read last is a part of a message that goes on in another frame. */
  get isFragment(): boolean {
    return this.#isFragment;
  }

  /** Whether the frame that was read last is a ping, a pong or a close, which may come amid the parts of a message. */
  get isControl(): boolean {
    return this.#isControl;
  }

  /** Whether a frame is in progress whose head was read. */
  get isInPayload(): boolean {
    return this.#rest > 0 && this.#head === 2 && this.#lengthBytes === 0;
  }

  /** Where the frame that begins at `from`, or goes on there, ends in the chunk; -1 if it ends in a later chunk. */
  endIn(chunk: Uint8Array, from: number): number {
    let at = from;
    while (this.#head < 2 || this.#lengthBytes > 0) {
      if (at === chunk.length) return -1;
      this.#readHead(chunk[at++] ?? 0);
    }
    const left = chunk.length - at;
    if (this.#rest > left) {
      this.#rest -= left;
      return -1;
    }
    at += this.#rest;
    this.#rest = this.#head = 0;
    return at;
  }

  #readHead(byte: number): void {
    if (this.#head === 0) {
      this.#isFragment = (byte & (FINAL | CONTROL)) === 0;
      this.#isControl = (byte & CONTROL) !== 0;
      this.#head = 1;
      return;
    }
    if (this.#head === 1) {
      this.#isMasked = (byte & MASKED) !== 0;
      const length = byte & LENGTH;
      this.#lengthBytes = length === 127 ? 8 : length === 126 ? 2 : 0;
      this.#rest = this.#lengthBytes === 0 ? length : 0;
      this.#head = 2;
    } else {
      this.#rest = this.#rest * 256 + byte;
      this.#lengthBytes--;
    }
    if (this.#lengthBytes === 0 && this.#isMasked) this.#rest += MASK_BYTES;
  }
}
