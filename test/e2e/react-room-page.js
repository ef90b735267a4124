/** A small page that shows what `useRoom` gives to two people. The test sets `serverUrl` and `room` before it. */
import { StrictMode, createElement as h, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createAgentClient } from '../../src/client/index.ts';
import { useRoom } from '../../src/client/react.ts';

const { document, serverUrl, room } = globalThis;
const clients = ['Ada', 'Bob'].map((name) => ({
  name,
  client: createAgentClient({ url: `${serverUrl}?${name}`, backoff: { baseMs: 20, capMs: 50 } }),
}));
globalThis.functions = new Set();

const button = (name, onClick) => h('button', { onClick }, name);

function Member({ client, name }) {
  const { state, messages, members, memberId, agent, runs, error, publish, typing, send } = useRoom(client, room, {
    name,
  });
  for (const stable of [publish, typing, send]) globalThis.functions.add(stable);
  return h(
    'section',
    { id: name },
    button('Say', () => publish(`I am ${name}`)),
    button('Type', () => typing()),
    button('Ask', () => send('Who is here?')),
    h('output', { className: 'state' }, `${state} ${error?.code ?? ''}`),
    h('output', { className: 'agent' }, agent),
    h(
      'output',
      { className: 'members' },
      members.map((each) => `${each.name}${each.memberId === memberId ? '*' : ''} ${each.state}`).join(),
    ),
    h('output', { className: 'messages' }, messages.map(({ seq, content }) => `${seq} ${content}`).join()),
    h('output', { className: 'runs' }, runs.map((shown) => `${shown.name}: ${shown.query} ${shown.run.text}`).join()),
  );
}

function App() {
  const [isShown, show] = useState(true);
  return h(
    'main',
    null,
    button('Toggle Bob', () => show(!isShown)),
    h(Member, clients[0]),
    isShown && h(Member, clients[1]),
  );
}

createRoot(document.getElementById('root')).render(h(StrictMode, null, h(App)));
