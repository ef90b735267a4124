/** A small page that shows what `useRoom` gives to two people, for one test after the other: see `ComponentPage`. */
import { StrictMode, createElement as h, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createAgentClient } from '../../src/client/index.ts';
import { useRoom } from '../../src/client/react.ts';

const { document } = globalThis;

const button = (name, onClick) => h('button', { onClick }, name);

function Member({ client, name, room }) {
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
      // By name: nothing says who of the two comes first.
      members
        .map((each) => `${each.name}${each.memberId === memberId ? '*' : ''} ${each.state}`)
        .sort()
        .join(),
    ),
    h('output', { className: 'messages' }, messages.map(({ seq, content }) => `${seq} ${content}`).join()),
    h('output', { className: 'runs' }, runs.map((shown) => `${shown.name}: ${shown.query} ${shown.run.text}`).join()),
  );
}

function App({ members, room }) {
  const [isShown, show] = useState(true);
  return h(
    'main',
    null,
    button('Toggle Bob', () => show(!isShown)),
    h(Member, { ...members[0], room }),
    isShown && h(Member, { ...members[1], room }),
  );
}

globalThis.begin = ({ serverUrl, room }) => {
  const members = ['Ada', 'Bob'].map((name) => ({
    name,
    client: createAgentClient({ url: `${serverUrl}?${name}`, backoff: { baseMs: 20, capMs: 50 } }),
  }));
  globalThis.functions = new Set();
  const root = createRoot(document.getElementById('root'));
  root.render(h(StrictMode, null, h(App, { members, room })));
  return () => {
    root.unmount();
    for (const { client } of members) client.close();
  };
};
