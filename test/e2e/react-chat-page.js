/**
 * A chat that writes down what the hooks give, for one test after the other (see `ComponentPage`): the test looks at `view`,
 * and at how often each message was rendered.
 */
import { createElement as h, memo, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createAgentClient } from '../../src/client/index.ts';
import { useAttachment, useConnection, useConversation, useConversations } from '../../src/client/react.ts';

const { document } = globalThis;
const view = { messages: [], status: 'loading', hasMore: false, approvals: 0 };
let client;

const Message = memo(function Message({ message, conversation }) {
  globalThis.renders[message.id] = (globalThis.renders[message.id] ?? 0) + 1;
  const files = message.parts.filter(({ type }) => type === 'file');
  return h(
    'li',
    null,
    message.content,
    files.map((part) => h(Picture, { key: part.id, part, conversation })),
  );
});

function Picture({ part, conversation }) {
  const { url } = useAttachment(client, conversation, part);
  return url === undefined ? null : h('img', { src: url, alt: part.name });
}

const heard = (name) => (value) => globalThis.heard.push([name, value.content ?? value.code ?? value.data]);
const callbacks = { onFinish: heard('finish'), onError: heard('error'), onData: heard('data') };

function Chat({ id }) {
  const chat = useConversation(client, id, callbacks);
  useEffect(() => {
    globalThis.chat = chat;
    const { messages, status, error, hasMore, approvals } = chat;
    const view = { messages, status, hasMore, error: error?.code, approvals: approvals.length };
    globalThis.pictures.push((globalThis.view = JSON.parse(JSON.stringify(view))));
  });
  return h(
    'ol',
    null,
    chat.messages.map((message) => h(Message, { key: message.id, message, conversation: id })),
  );
}

function List() {
  const { conversations } = useConversations(client);
  const { state, greeting } = useConnection(client);
  globalThis.list = conversations.map(({ title }) => title);
  globalThis.connection = { state, takes: greeting?.attachments?.mediaTypes };
  return null;
}

/** One of many conversations that are shown at once: what it showed, in the order it showed it. */
function Small({ id }) {
  const { status } = useConversation(client, id);
  (globalThis.statuses[id] ??= []).push(status);
  return null;
}

function App() {
  const [id, show] = useState('c');
  const [many, showMany] = useState([]);
  Object.assign(globalThis, { show, showMany });
  // Effects of the inner come first: `chat` and `view` are of this conversation.
  useEffect(() => {
    globalThis.shown = id;
  });
  return h(
    'main',
    null,
    h(List),
    id !== undefined && h(Chat, { id }),
    many.map((one) => h(Small, { key: one, id: one })),
  );
}

globalThis.begin = ({ serviceUrl }) => {
  client = createAgentClient({ url: serviceUrl, backoff: { baseMs: 20, capMs: 50 } });
  const nothing = { chat: undefined, shown: undefined, list: undefined, connection: undefined };
  Object.assign(globalThis, { client, view, renders: {}, pictures: [], heard: [], statuses: {} }, nothing);
  const root = createRoot(document.getElementById('root'));
  root.render(h(App));
  return () => {
    root.unmount();
    client.close();
  };
};
