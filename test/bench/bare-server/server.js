// What one would write by hand for the same job: ws, JSON.parse, a switch, and a reader of server-sent events.
// One JSON.parse per event, one send per token. No schemas, limits, ids, logs, backpressure or heartbeat.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { WebSocketServer } from 'ws';
import { streamCompletion } from './completion.js';

const timestamp = () => Date.now() / 1000;

/** @param {string} upstream base URL of the OpenAI-compatible API */
export function createBareServer(upstream) {
  const server = createServer((_request, response) => response.writeHead(404).end());
  const wss = new WebSocketServer({ server, path: '/ws/agent' });

  const room = new Set();
  let seq = 0;

  wss.on('connection', (ws) => {
    const running = new Set();
    const send = (message) => ws.send(JSON.stringify(message));

    ws.on('message', (data) => {
      let message;
      try {
        message = JSON.parse(data.toString());
      } catch {
        send({ type: 'error', error: 'Invalid JSON', timestamp: timestamp() });
        return;
      }
      switch (message.type) {
        case 'ping':
          send({ type: 'pong', timestamp: timestamp() });
          break;
        case 'streaming_query': {
          if (typeof message.query !== 'string' || message.query === '') {
            send({ type: 'error', error: 'Query is required', timestamp: timestamp() });
            break;
          }
          send({ type: 'stream_start', timestamp: timestamp() });
          const cancel = streamCompletion(upstream, message.query, {
            onText: (content) => send({ type: 'stream_chunk', content, timestamp: timestamp() }),
            onEnd: () => {
              running.delete(cancel);
              send({ type: 'stream_end', timestamp: timestamp() });
            },
            onError: () => {
              running.delete(cancel);
              send({ type: 'error', error: 'The model failed', timestamp: timestamp() });
            },
          });
          running.add(cancel);
          break;
        }
        case 'join':
          room.add(ws);
          send({ type: 'room_joined', timestamp: timestamp(), room: message.room });
          break;
        case 'room_message': {
          const from = { member_id: 'Zf3pQ1sL9aVt6RxE', name: 'guest-Zf3p' };
          const event = { type: 'room_event', room: message.room, message_id: randomUUID(), from };
          const text = JSON.stringify({ ...event, content: message.content, created_at: timestamp(), seq: ++seq });
          for (const member of room) member.send(text);
          break;
        }
        case 'cancel':
          for (const cancel of running) cancel();
          running.clear();
          send({ type: 'cancelled', timestamp: timestamp() });
          break;
        default:
          send({ type: 'error', error: 'Unknown message type', timestamp: timestamp() });
      }
    });
    ws.on('close', () => {
      room.delete(ws);
      for (const cancel of running) cancel();
      running.clear();
    });
    ws.on('error', () => {});
    send({ type: 'connected', connection_id: randomUUID(), message: 'Connected to Agent WebSocket' });
  });
  return server;
}
