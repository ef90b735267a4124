// Runs under every supported Node, in a project that has the package installed. Prints what it saw as one JSON object.
// UPSTREAM is a server that speaks OpenAI's API.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import * as esm from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';
import { TestClient } from 'agent-ws/testing';

const require = createRequire(import.meta.url);

/** Serves with one copy of the package and tells what a client gets. */
async function talk({ createAgentSocketServer, calculator, currentTime }, provider) {
  const server = http.createServer();
  const agent = createAgentSocketServer({ server, provider, tools: [calculator, currentTime] });
  server.on('request', agent.requestListener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = await TestClient.connect(`ws://127.0.0.1:${server.address().port}/ws/agent`);
  const answer = await client.ask({ type: 'streaming_query', query: 'What is 6 * 7?' });
  const call = async (tool_name, params) => {
    const { result, code } = await client.ask({ type: 'tool_call', tool_name, params });
    return result ?? code;
  };
  const seen = {
    end: answer.type,
    text: client.text(answer.run_id),
    sum: await call('calculator', { expression: '123 + 456' }),
    zone: (await call('current_time', { time_zone: 'Asia/Shanghai' })).time.slice(-6),
    // Newer versions of Node take offsets for names of zones.
    offset: await call('current_time', { time_zone: '+08:00' }),
    statistics: (await fetch(`http://127.0.0.1:${server.address().port}/ws/statistics`)).status,
  };
  await agent.close();
  seen.close = (await client.closed).code;
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return seen;
}

/** Starts the command line, talks to it and stops it. */
async function commandLine() {
  const child = spawn(process.execPath, ['node_modules/agent-ws/bin/agent-ws.js', 'serve'], {
    env: { PATH: process.env.PATH, PORT: '0', HOST: '127.0.0.1', LOG_FORMAT: 'json' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, endpoint } = JSON.parse(line);
    if (msg !== 'Listening') continue;
    const client = await TestClient.connect(endpoint);
    const answer = await client.ask({ type: 'agent_query', query: 'Hello' });
    assert.equal(answer.type, 'agent_response');
    child.kill('SIGTERM');
    const { code: close } = await client.closed;
    child.stdout.resume();
    const [exit] = await exited;
    return { close, exit };
  }
  throw new Error('The command line ended before it listened');
}

const openai = createOpenAiProvider({ apiKey: 'test-key', baseUrl: process.env.UPSTREAM, model: 'test-model' });
const seen = {
  node: process.versions.node,
  esm: await talk(esm, createDemoProvider({ tokensPerSecond: 0 })),
  cjs: await talk(require('agent-ws'), require('agent-ws/demo').createDemoProvider({ tokensPerSecond: 0 })),
  openaiEsm: await talk(esm, openai),
  openaiCjs: await talk(
    require('agent-ws'),
    require('agent-ws/openai').createOpenAiProvider({
      apiKey: 'test-key',
      baseUrl: process.env.UPSTREAM,
      model: 'test-model',
    }),
  ),
  commandLine: await commandLine(),
};
process.stdout.write(JSON.stringify(seen));
