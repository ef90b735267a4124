import { describe, expect, it } from 'vitest';
import type { AgentSocketServerOptions, LlmAttachment, LlmAttachmentType } from '../../src/index.js';
import { createScriptedProvider, TestClient, type ScriptedProvider } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { openStore, temporaryDatabase } from '../helpers/sqlite.js';

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(100, 7)]).toString('base64');
const TEXT = Buffer.from('漢字, and more').toString('base64');
const image = { type: 'image', media_type: 'image/png', name: 'dot.png', data: PNG } as const;
const file = { type: 'file', media_type: 'text/plain', name: 'notes.txt', data: TEXT } as const;

function sees(provider: ScriptedProvider, call: number): (readonly LlmAttachment[] | undefined)[] {
  const messages = provider.calls[call]?.request.messages ?? [];
  return messages.flatMap((message) => (message.role === 'user' ? [message.attachments] : []));
}

async function start(
  options: Partial<AgentSocketServerOptions> = {},
  accepts: readonly LlmAttachmentType[] = ['image', 'file'],
): Promise<{ client: TestClient; provider: ScriptedProvider }> {
  const provider = { ...createScriptedProvider(['ok']), accepts };
  const { url } = await startServer({ provider, ...options });
  return { client: await TestClient.connect(url), provider };
}

const query = (text: string, extra: object = {}) =>
  ({ type: 'streaming_query', query: text, conversation_id: 'c', ...extra }) as const;

describe('Attachments of a question', () => {
  it('reach the model, with this question and as history, and stay with an edit that brings none', async () => {
    const { client, provider } = await start();
    await client.ask(query('What is this?', { attachments: [image, file] }));
    const both = [
      expect.objectContaining({ type: 'image', mediaType: 'image/png', name: 'dot.png', data: PNG }) as LlmAttachment,
      expect.objectContaining({
        type: 'file',
        mediaType: 'text/plain',
        name: 'notes.txt',
        data: TEXT,
      }) as LlmAttachment,
    ];
    expect(sees(provider, 0)).toEqual([both]);
    await client.ask(query('And now?'));
    expect(sees(provider, 1)).toEqual([both, undefined]);
    client.send({ type: 'history', conversation_id: 'c' });
    const [question] = (await client.next('history')).messages;
    await client.ask(query('What is it, really?', { replace_from: question?.id }));
    expect(sees(provider, 2)).toEqual([both]);
    await client.ask(query('Without.', { replace_from: question?.id, attachments: [] }));
    expect(sees(provider, 3)).toEqual([undefined]);
  });

  it('reach the model without a conversation, too', async () => {
    const { client, provider } = await start();
    await client.ask({ type: 'agent_query', query: 'What is this?', attachments: [image] });
    expect(sees(provider, 0)).toMatchObject([[{ data: PNG }]]);
  });

  it('are kept in a database, apart from the messages', async () => {
    const path = temporaryDatabase();
    const store = await openStore({ path });
    const { client } = await start({ store });
    await client.ask(query('What is this?', { attachments: [image] }));
    const key = { owner: 'anonymous', id: 'c' };
    const [question] = store.conversations.read(key, { limit: 2 }).items;
    const id = question?.attachments?.[0]?.id ?? '';
    expect(JSON.stringify(question)).not.toContain(PNG);
    await store.close();
    const again = await openStore({ path });
    expect(Buffer.from(again.conversations.attachment(key, id) ?? []).toString('base64')).toBe(PNG);
  });

  it('are told to those who watch, without their bytes', async () => {
    const provider = { ...createScriptedProvider(['ok']), accepts: ['image'] as const };
    const { url } = await startServer({ provider });
    const [asker, watcher] = [await TestClient.connect(url), await TestClient.connect(url)];
    watcher.send({ type: 'watch', conversation_id: 'c' });
    await watcher.next('watching');
    await asker.ask(query('What is this?', { attachments: [image] }));
    expect((await watcher.next('run_started')).attachments).toEqual([
      { type: 'image', media_type: 'image/png', name: 'dot.png', bytes: 108 },
    ]);
  });

  it('are an address only where the operator allows it, and never fetched here', async () => {
    const link = { type: 'image', media_type: 'image/png', url: 'https://files.example/dot.png' } as const;
    const { client } = await start();
    client.send(query('q', { attachments: [link] }));
    expect(await client.next('error')).toMatchObject({ code: 'unsupported_content' });
    const open = await start({ attachments: { urls: true } });
    await open.client.ask(query('q', { attachments: [link] }));
    expect(sees(open.provider, 0)).toMatchObject([[{ url: 'https://files.example/dot.png' }]]);
  });

  it('are told to a later model that does not take them as text', async () => {
    const store = await openStore();
    const first = await start({ store });
    await first.client.ask(query('What is this?', { attachments: [image] }));
    const second = await start({ store }, []);
    await second.client.ask(query('And?'));
    expect(sees(second.provider, 0).flatMap((attachments) => attachments ?? [])).toEqual([]);
    expect(second.provider.calls[0]?.request.messages[0]?.content).toContain(
      '(Attached image, which cannot be shown here: dot.png)',
    );
  });
});

describe('Limits of attachments', () => {
  const bytes = (length: number) => Buffer.alloc(length, 'a').toString('base64');
  it.each([
    ['a kind the model does not take', ['file'], {}, [image], 'takes no images'],
    ['no kind at all', [], {}, [file], 'takes no files'],
    ['none, because the operator says so', ['image'], { attachments: false }, [image], 'takes no attachments'],
    ['another media type', ['image', 'file'], {}, [{ ...file, media_type: 'application/zip' }], 'is not taken'],
    ['too many', ['file'], { attachments: { maxCount: 1 } }, [file, file], '1 attachments at most'],
    ['too large', ['file'], { attachments: { maxBytes: 9 } }, [{ ...file, data: bytes(10) }], 'larger than 9 bytes'],
    ['an image that is a text', ['image'], {}, [{ ...image, data: TEXT }], 'not those of image/png'],
    ['a text that is an image', ['file'], {}, [{ ...file, data: PNG }], 'not those of text/plain'],
    ['an image declared a file', ['image', 'file'], {}, [{ ...image, type: 'file' }], 'of type "image"'],
    ['no bytes', ['file'], {}, [{ ...file, data: '' }], 'not those of text/plain'],
  ] as const)('%s', async (_, accepts, options, attachments, message) => {
    const { client, provider } = await start(options, accepts);
    client.send(query('q', { attachments }));
    const error = await client.next('error');
    expect(error).toMatchObject({ code: 'unsupported_content', retryable: false });
    expect(error.error).toContain(message);
    expect(provider.calls).toEqual([]);
  });

  it.each([
    [
      'neither data nor url',
      { type: 'image', media_type: 'image/png' },
      '`attachments.0`: needs either `data` or `url`',
    ],
    ['both', { ...image, url: 'https://a.example/b.png' }, '`attachments.0`: needs either `data` or `url`'],
    ['data that is not base64', { ...image, data: '%%%' }, '`attachments.0.data` must be bytes in base64'],
    [
      'another scheme',
      { type: 'image', media_type: 'image/png', url: 'http://a.example/b.png' },
      '`attachments.0.url` must be a URL that begins with https:',
    ],
    [
      'a media type that is none',
      { ...image, media_type: 'png' },
      '`attachments.0.media_type`: must be a media type such as image/png',
    ],
    ['a kind that is none', { ...image, type: 'audio' }, '`attachments.0.type` must be one of "image", "file"'],
  ])('%s is no valid message', async (_, attachment, message) => {
    const { client } = await start();
    client.sendRaw(JSON.stringify(query('q', { attachments: [attachment] })));
    const { code, error } = await client.next('error');
    expect({ code, error }).toEqual({ code: 'invalid_message', error: expect.stringContaining(message) as string });
  });

  it('are told to every client, where anything is taken', async () => {
    const { client } = await start({ attachments: { maxCount: 2 } }, ['image']);
    expect((await client.next('connected')).limits.attachments).toEqual({
      media_types: ['image/png', 'image/jpeg', 'image/webp', 'image/gif'],
      max_bytes: 524_288,
      max_count: 2,
      urls: false,
    });
    expect((await (await start({}, [])).client.next('connected')).limits.attachments).toBeUndefined();
  });
});
