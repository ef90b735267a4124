/** A small page that shows what the hooks give, for one test after the other: see `ComponentPage`. */
import { StrictMode, createElement as h, useState } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server.browser';
import { createAgentClient } from '../../src/client/index.ts';
import { useAgentRun, useConnection, useConversation } from '../../src/client/react.ts';

const { document } = globalThis;
let client;

const button = (name, onClick) => h('button', { onClick }, name);

function Run() {
  const { start, cancel, approve, text, reasoning, state, error, toolCalls, approvals } = useAgentRun(client);
  globalThis.renders++;
  return h(
    'section',
    { id: 'run' },
    button('Ask', () => start('Hello')),
    button('Cancel', () => cancel()),
    h('output', { id: 'text' }, text),
    h('output', { id: 'reasoning' }, reasoning),
    h('output', { id: 'state' }, state),
    h('output', { id: 'error' }, error?.code ?? ''),
    h('output', { id: 'tools' }, toolCalls.map(({ toolName, isDone }) => `${toolName}:${isDone}`).join()),
    ...approvals.map(({ toolCallId, toolName }) => button(`Allow ${toolName}`, () => approve(toolCallId, true))),
  );
}

function Chat({ id }) {
  const { messages, send, cancel, loadMore, hasMore, status, error } = useConversation(client, id);
  return h(
    'section',
    { id: 'chat' },
    button('Send', () => send('And now?')),
    button('Stop', () => cancel()),
    hasMore && button('Older', () => loadMore()),
    h('output', { id: 'status' }, status),
    h('output', { id: 'chat-error' }, error?.code ?? ''),
    h(
      'ol',
      null,
      messages.map((message) => h('li', { key: message.id }, `${message.role}|${message.content}|${message.status}`)),
    ),
  );
}

function App() {
  const [id, setId] = useState('c1');
  const [isShown, show] = useState(true);
  return h(
    'main',
    null,
    button('Other conversation', () => setId('c2')),
    button('Toggle', () => show(!isShown)),
    isShown && h(Run),
    isShown && h(Chat, { id }),
  );
}

function Island({ of }) {
  const { state } = useConnection(of);
  const { status, messages } = useConversation(of, 'c1');
  return h('output', { id: 'island' }, `${state} ${status} ${messages.length}`);
}

/** Hydrates a part of the page that a server has rendered, long after the other parts. */
function hydrateIsland(serverUrl) {
  const place = document.body.appendChild(document.createElement('div'));
  place.innerHTML = renderToString(h(Island, { of: createAgentClient({ url: serverUrl }) }));
  const root = hydrateRoot(place, h(StrictMode, null, h(Island, { of: client })));
  return () => {
    root.unmount();
    place.remove();
  };
}

globalThis.begin = ({ serverUrl }) => {
  client = createAgentClient({ url: serverUrl, backoff: { baseMs: 20, capMs: 50 } });
  globalThis.renders = 0;
  const root = createRoot(document.getElementById('root'));
  root.render(h(StrictMode, null, h(App)));
  let removeIsland;
  globalThis.hydrateIsland = () => (removeIsland = hydrateIsland(serverUrl));
  return () => {
    removeIsland?.();
    root.unmount();
    client.close();
  };
};
