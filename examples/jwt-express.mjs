// Two kinds of clients of an Express application: pages whose people have logged in get in by single-use tickets, and
// other services by JWTs of an identity provider. Neither needs a token in a URL.
//
//   npm install agent-ws express jose
//   node jwt-express.mjs
//
// Open the printed address and log in. A service connects with a JWT, one of which is printed:
//
//   AGENT_WS_TOKEN=eyJ… npx agent-ws chat 127.0.0.1:8003
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { createAgentSocketServer } from 'agent-ws';
import { cookieOf, createTickets, firstOf, jwtAuth } from 'agent-ws/auth';
import { createDemoProvider } from 'agent-ws/demo';
import express from 'express';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const { PORT = '8003' } = process.env;

const app = express();
const server = http.createServer(app);

// Your own login: here everybody gets a session for a name.
const sessions = new Map();
app.post('/login', express.json(), (request, response) => {
  const session = randomBytes(24).toString('base64url');
  sessions.set(session, { id: `user/${request.body.name}`, name: request.body.name });
  response.cookie('session', session, { httpOnly: true, sameSite: 'strict' }).end();
});

// A ticket is good for one connection of the page that asked for it, within 30 s.
const tickets = createTickets({ principal: (request) => sessions.get(cookieOf(request, 'session')) ?? null });
app.post('/ws/ticket', tickets.handler);

// Replaces your identity provider, which publishes its keys itself.
const { publicKey, privateKey } = await generateKeyPair('ES256');
app.get('/.well-known/jwks.json', async (_request, response) => {
  response.json({ keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256' }] });
});

server.listen(Number(PORT), '127.0.0.1', async () => {
  const { port } = server.address();
  const origin = `http://127.0.0.1:${port}`;
  const agent = createAgentSocketServer({
    server,
    provider: createDemoProvider(),
    authenticate: firstOf(
      tickets.authenticate,
      jwtAuth({
        jwksUrl: `${origin}/.well-known/jwks.json`,
        issuer: 'https://id.example',
        audience: 'agents',
        algorithms: ['ES256'],
      }),
    ),
  });
  agent.connections.on('connect', ({ principal }) => console.log(`${principal.id} is here`));

  // Logging out ends what the person has open.
  app.post('/logout', (request, response) => {
    const session = cookieOf(request, 'session');
    const { id } = sessions.get(session) ?? {};
    sessions.delete(session);
    if (id !== undefined) {
      tickets.revoke(id);
      agent.revoke(id);
    }
    response.end();
  });

  const token = await new SignJWT({ scope: 'query' })
    .setProtectedHeader({ alg: 'ES256', kid: 'key-1' })
    .setIssuer('https://id.example')
    .setAudience('agents')
    .setSubject('service/reports')
    .setExpirationTime('10m')
    .sign(privateKey);
  console.log(`A token for a service: ${token}`);
  console.log(`${origin}/`);

  process.once('SIGTERM', async () => {
    await agent.close({ drainMs: 5_000, closeCode: 'draining' });
    server.close();
  });
});

app.get('/', (_request, response) => {
  response.type('html').send(PAGE);
});

// With a bundler: import { createAgentClient } from 'agent-ws/client', and pass the same `token`.
const PAGE = `<!doctype html>
<title>Tickets</title>
<form><input name="name" value="anna" aria-label="Name"><button>Log in and ask</button></form>
<pre></pre>
<script type="module">
  async function ticket() {
    const response = await fetch('/ws/ticket', { method: 'POST' });
    return (await response.json()).ticket;
  }

  document.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const name = new FormData(event.target).get('name');
    await fetch('/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws/agent', ['agent-ws.v1', await ticket()]);
    socket.onmessage = async ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'connected') {
        socket.send(JSON.stringify({ type: 'streaming_query', query: 'Who am I, ' + message.principal_id + '?' }));
      }
      // Another ticket of the same person renews the connection.
      if (message.type === 'auth_expiring') socket.send(JSON.stringify({ type: 'auth', token: await ticket() }));
      document.querySelector('pre').textContent += data + '\\n';
    };
  });
</script>
`;
