// A room on Socket.IO, as its documentation shows it.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { answerServerCalls } from '../lib/server-calls.js';

const server = createServer();
const io = new Server(server);
let seq = 0;

io.on('connection', (socket) => {
  socket.on('join', async (room) => {
    await socket.join(room);
    socket.emit('joined', room);
  });
  socket.on('room_message', ({ room, content }) => {
    const from = { member_id: 'Zf3pQ1sL9aVt6RxE', name: 'guest-Zf3p' };
    const createdAt = Date.now() / 1000;
    io.to(room).emit('room_event', {
      room,
      message_id: randomUUID(),
      from,
      content,
      created_at: createdAt,
      seq: ++seq,
    });
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => answerServerCalls(server.address().port));
