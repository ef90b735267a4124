// A chat: history, answers as they stream, stop, edit, regenerate, and every other tab. react.mjs bundles react.jsx
// and serves it.
import { createAgentClient } from 'agent-ws/client';
import { useConversation } from 'agent-ws/react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

// One client for the page, outside of every component.
const client = createAgentClient({ url: '/ws/agent' });

// The address names the conversation. Where nobody is authenticated it is a secret, so nobody should guess it.
location.hash ||= Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join('');

function Chat({ id }) {
  const { messages, status, error, hasMore, loadMore, send, cancel } = useConversation(client, id);
  const [query, setQuery] = useState('');

  const submit = (event) => {
    event.preventDefault();
    send(query);
    setQuery('');
  };

  return (
    <main>
      {hasMore && <button onClick={loadMore}>Older messages</button>}
      {messages
        .filter(({ role }) => role !== 'tool')
        .map((message, index, shown) => (
          <Message
            key={message.id}
            message={message}
            // Replacing a question asks it anew; replacing an answer makes that anew.
            onEdit={(text) => send(text, { replaceFrom: message.id })}
            onRegenerate={() => send(questionBefore(shown, index), { replaceFrom: message.id })}
          />
        ))}
      {error && <p role="alert">{error.message}</p>}
      <form onSubmit={submit}>
        <input aria-label="Question" required value={query} onChange={(event) => setQuery(event.target.value)} />
        <button disabled={status === 'loading'}>Send</button>
        <button type="button" disabled={status !== 'answering'} onClick={cancel}>
          Stop
        </button>
      </form>
      <p role="status">{status}</p>
    </main>
  );
}

function Message({ message, onEdit, onRegenerate }) {
  const { role, content, toolCalls, status, error, isStored } = message;
  const edit = () => {
    const text = prompt('Edit the question', content);
    if (text?.trim()) onEdit(text);
  };
  return (
    <section className={role} data-status={status}>
      {toolCalls.map(({ toolCallId, toolName, params }) => (
        <p key={toolCallId} className="tool">
          {toolName} {JSON.stringify(params)}
        </p>
      ))}
      <p style={{ whiteSpace: 'pre-wrap' }}>{content}</p>
      {status !== 'complete' && <small>{error?.message ?? status}</small>}
      {isStored && role === 'user' && <button onClick={edit}>Edit</button>}
      {isStored && role === 'assistant' && toolCalls.length === 0 && <button onClick={onRegenerate}>Again</button>}
    </section>
  );
}

function questionBefore(messages, index) {
  return messages.slice(0, index).findLast(({ role }) => role === 'user').content;
}

createRoot(document.getElementById('root')).render(<Chat id={location.hash.slice(1)} />);
