import { createBareServer } from '../bare-server/server.js';
import { answerServerCalls } from '../lib/server-calls.js';

const server = createBareServer(process.argv[2]);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => answerServerCalls(server.address().port));
