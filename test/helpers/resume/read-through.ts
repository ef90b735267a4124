import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '../../../src/protocol/index.js';
import type { RunReader, Wire } from './run-reader.js';

/** Reads a run to its end over connections that break; rejects at the first wrong message. */
export async function readThrough(url: string, reader: RunReader, query: string): Promise<void> {
  while (reader.end === undefined) {
    await new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(url, [SUBPROTOCOL]);
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
      socket.on('message', (data: Buffer) => {
        try {
          const message = JSON.parse(data.toString()) as Wire;
          if (message.type !== 'connected') reader.receive(message);
          // If no message of the run arrived, the run may not exist: sending the same request again is safe.
          else socket.send(JSON.stringify(reader.position === 0 ? reader.query(query) : reader.resume()));
          if (reader.end !== undefined) socket.close();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          socket.terminate();
        }
      });
    });
    reader.disconnected();
  }
}
