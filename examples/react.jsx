// A chat: history, answers as they stream, tools with their results, images, cancel, edit, versions of an answer, and the
// questions of other tabs. react.mjs bundles and serves this file, react.jsx.
import { createAgentClient } from 'agent-ws/client';
import { useAttachment, useConnection, useConversation } from 'agent-ws/react';
import { memo, useState } from 'react';
import { createRoot } from 'react-dom/client';

// One client for the page, outside of every component.
const client = createAgentClient({ url: '/ws/agent' });

// The URL contains the id of the conversation, so that a reload and another tab of this browser show it.
location.hash ||= Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join('');

function Chat({ id }) {
  const chat = useConversation(client, id, { onError: (error) => console.warn(error.message) });
  const { messages, status, error, hasMore, loadMore, send, cancel } = chat;
  const { greeting } = useConnection(client);
  const [query, setQuery] = useState('');
  const [files, setFiles] = useState([]);

  const submit = (event) => {
    event.preventDefault();
    send(query, { attachments: files });
    setQuery('');
    setFiles([]);
    event.target.reset();
  };

  return (
    <main>
      {hasMore && <button onClick={loadMore}>Older messages</button>}
      {messages.map((message) => (
        <Message
          key={message.id}
          message={message}
          conversation={id}
          // These functions stay the same between renders, so a new word renders only its own message.
          edit={chat.edit}
          regenerate={chat.regenerate}
          selectBranch={chat.selectBranch}
          dismiss={chat.dismiss}
        />
      ))}
      {error && <p role="alert">{error.message}</p>}
      <form onSubmit={submit}>
        <input aria-label="Question" required value={query} onChange={(event) => setQuery(event.target.value)} />
        {greeting?.attachments && (
          <input
            type="file"
            aria-label="Files"
            multiple
            accept={greeting.attachments.mediaTypes.join()}
            onChange={(event) => setFiles([...event.target.files])}
          />
        )}
        <button disabled={status === 'loading'}>Send</button>
        <button type="button" disabled={status !== 'answering'} onClick={cancel}>
          Stop
        </button>
      </form>
      <p role="status">{status}</p>
    </main>
  );
}

const Message = memo(function Message({ message, conversation, edit, regenerate, selectBranch, dismiss }) {
  const { id, role, content, parts, status, error, branch, isStored } = message;
  const ask = () => {
    const text = prompt('Edit the question', content);
    if (text?.trim()) edit(id, text);
  };
  return (
    <section className={role} data-status={status}>
      {parts.map((part) => (
        <Part key={part.id} part={part} conversation={conversation} />
      ))}
      {!['complete', 'pending', 'streaming'].includes(status) && <small>{error?.message ?? status}</small>}
      {role === 'user' && <button onClick={ask}>Edit</button>}
      {role === 'assistant' && <button onClick={() => regenerate(id)}>Again</button>}
      {status === 'failed' && !isStored && <button onClick={() => dismiss(id)}>Dismiss</button>}
      {branch && (
        <nav aria-label="Versions">
          {branch.siblings.map((sibling, index) => (
            <button key={sibling} disabled={index === branch.index} onClick={() => selectBranch(sibling)}>
              {index + 1}
            </button>
          ))}
        </nav>
      )}
    </section>
  );
});

function Part({ part, conversation }) {
  switch (part.type) {
    case 'text':
      return <p style={{ whiteSpace: 'pre-wrap' }}>{part.text}</p>;
    case 'reasoning':
      return (
        <details>
          <summary>Thoughts</summary>
          {part.text}
        </details>
      );
    case 'tool':
      return (
        <p className="tool">
          {part.toolName} {JSON.stringify(part.params)}:{' '}
          {part.error?.message ?? JSON.stringify(part.result) ?? part.state}
        </p>
      );
    case 'data':
      return <pre>{JSON.stringify(part.data)}</pre>;
    case 'file':
      return <File part={part} conversation={conversation} />;
  }
}

function File({ part, conversation }) {
  const { url } = useAttachment(client, conversation, part);
  if (part.kind === 'image') return <img src={url} alt={part.name ?? ''} />;
  return (
    <a href={url} download={part.name}>
      {part.name ?? part.mediaType}
    </a>
  );
}

createRoot(document.getElementById('root')).render(<Chat id={location.hash.slice(1)} />);
