// Three nodes of a cluster on this machine. The node to which a reader is connected is killed during the answer, and the
// answer goes on.
//
//   npm install agent-ws @redis/client
//   redis-server --appendonly yes --maxmemory-policy noeviction &
//   node cluster.mjs
//
// One node executes the run; the others read its log in Redis. The reader comes back through a proxy, as through a load
// balancer, and reads on where it was.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { createAgentSocketServer } from 'agent-ws';
import { createAgentClient } from 'agent-ws/client';
import { createDemoProvider } from 'agent-ws/demo';
import { createRedisStore } from 'agent-ws/redis';

const { REDIS_URL = 'redis://127.0.0.1:6379', REDIS_PREFIX } = process.env;

if (process.send === undefined) await demonstrate();
else await serve();

/** A node: a process of its own. */
async function serve() {
  const store = await createRedisStore({ url: REDIS_URL, keyPrefix: REDIS_PREFIX });
  const server = http.createServer();
  createAgentSocketServer({ server, provider: createDemoProvider(), store });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send({ port: server.address().port });
  // Ends with the process that started it.
  process.once('disconnect', () => process.exit());
}

async function startNode() {
  const child = fork(new URL(import.meta.url), { env: process.env });
  const [{ port }] = await once(child, 'message');
  return { port, kill: () => child.kill('SIGKILL') };
}

/** Forwards connections to the nodes in turn, as a load balancer without sticky sessions does. */
async function startProxy(nodes) {
  const proxy = net.createServer((socket) => {
    const node = nodes[0];
    nodes.push(nodes.shift());
    console.log(`\n[connected to the node at port ${node.port}]`);
    proxy.current = node;
    const behind = net.connect(node.port, '127.0.0.1');
    socket.pipe(behind).pipe(socket);
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ])
      one.on('error', () => other.destroy());
    behind.on('close', () => socket.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

async function demonstrate() {
  const [host, ...others] = await Promise.all([startNode(), startNode(), startNode()]);
  const proxy = await startProxy(others);
  const url = `ws://127.0.0.1:${proxy.address().port}/ws/agent`;
  console.log(url);
  // Without authentication, clients with the same secret are one owner, as the tabs of a browser are.
  const clientSecret = randomBytes(16).toString('hex');
  const asker = createAgentClient({ url: `ws://127.0.0.1:${host.port}/ws/agent`, clientSecret });
  const reader = createAgentClient({ url, clientSecret });

  const asked = asker.stream('How do I connect from a browser?');
  for await (const { type } of asked) if (type === 'text') break;
  const read = reader.resume(asked.id);
  let pieces = 0;
  for await (const event of read) {
    if (event.type !== 'text') continue;
    process.stdout.write(event.text);
    if (++pieces === 5) {
      console.log('\n[the node is killed]');
      proxy.current.kill();
    }
  }
  const [whole, text] = [await asked, await read].map((answer) => answer.text);
  console.log(`\n[${text === whole ? 'the same text' : 'another text'} at both nodes: ${text.length} characters]`);
  asker.close();
  reader.close();
  proxy.close();
  process.exit();
}
