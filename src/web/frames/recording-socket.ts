/**
 * Makes a WebSocket class whose frames go into the message log: pass its `WebSocket` to `createAgentClient`, and the
 * page sees every frame of its client. `send` puts any text on the newest socket of the class, and `drop` loses its
 * connection as a bad network would: nothing arrives any more, and the close comes late.
 */
import type { WebSocketClass, WebSocketLike } from '../../client/index.js';
import { SUBPROTOCOL } from '../../protocol/version.js';
import type { Frames, Source } from './frames.js';
import { Signal } from '../ui/signal.js';

const OPEN = 1;
/** How long a dropped connection seems to be there, in milliseconds, so that a person sees that it is gone. */
const AWAY_MS = 1_200;

export interface Recorder {
  readonly WebSocket: WebSocketClass;
  /** The newest socket opened or closed. */
  readonly changed: Signal;
  readonly isOpen: () => boolean;
  /** Opens a socket without a subprotocol, unless the newest one is open. Resolves when it opened or failed. */
  readonly connect: (url: string) => Promise<void>;
  /** Sends a text exactly as it is. Returns whether there was an open socket. */
  readonly send: (text: string) => boolean;
  readonly close: () => void;
  /** Loses the connection of the newest socket. */
  readonly drop: () => void;
  /** Says at once that it is lost. */
  readonly release: () => void;
}

/** The events of a socket in a page can be stopped and made up. */
const asTarget = (socket: WebSocketLike) => socket as WebSocketLike & EventTarget;

/** A frame without the token of an `auth` message, which must not be shown. Every other frame stays as it is. */
function withoutToken(text: string): string {
  if (!text.includes('auth')) return text;
  try {
    const message = JSON.parse(text) as { readonly type?: unknown } | null;
    return message?.type === 'auth' ? JSON.stringify({ ...message, token: '…' }) : text;
  } catch {
    return text;
  }
}

/** Records the sockets of `Base`, which is the WebSocket of the browser in a page. */
export function recordSockets(frames: Frames, source: Source, Base: WebSocketClass): Recorder {
  const changed = new Signal();
  let current: RecordingSocket | undefined;
  const remember = (socket: RecordingSocket): void => void (current = socket);
  const note = (type: string, detail: object): void => {
    frames.add(source, 'local', JSON.stringify({ type, ...detail }));
    changed.emit();
  };
  class RecordingSocket extends Base {
    #isLost = false;

    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      remember(this);
      // These listeners are the first ones: the others hear nothing of a connection that is lost.
      for (const type of ['message', 'close']) {
        asTarget(this).addEventListener(type, (event) => {
          if (this.#isLost) event.stopImmediatePropagation();
        });
      }
      this.addEventListener('open', () => {
        // A server that names another subprotocol may name the token, which must not be shown.
        note('open', { subprotocol: this.protocol === SUBPROTOCOL ? SUBPROTOCOL : '' });
      });
      this.addEventListener('message', ({ data }) => {
        frames.add(source, 'in', typeof data === 'string' ? data : '[binary frame]');
      });
      this.addEventListener('close', ({ code, reason }) => note('close', { code, reason }));
    }

    override send(text: string): void {
      super.send(text);
      frames.add(source, 'out', withoutToken(text));
    }

    drop(): void {
      if (this.readyState !== OPEN) return;
      this.#isLost = true;
      this.close();
      setTimeout(() => this.release(), AWAY_MS);
    }

    release(): void {
      if (!this.#isLost) return;
      this.#isLost = false;
      asTarget(this).dispatchEvent(new CloseEvent('close', { code: 1006 }));
    }
  }
  const isOpen = (): boolean => current?.readyState === OPEN;
  return {
    WebSocket: RecordingSocket,
    changed,
    isOpen,
    connect: async (url) => {
      if (isOpen()) return;
      const socket = new RecordingSocket(url, []);
      await new Promise<void>((resolve) => {
        socket.addEventListener('open', resolve);
        socket.addEventListener('close', () => resolve());
      });
    },
    send: (text) => {
      if (!isOpen()) return false;
      current?.send(text);
      return true;
    },
    close: () => current?.close(1000, 'Bye'),
    drop: () => current?.drop(),
    release: () => current?.release(),
  };
}
