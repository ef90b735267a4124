import { describe, expect, it } from 'vitest';
import { TypedEmitter } from '../../../src/runtime/typed-emitter.js';
import type { Logger } from '../../../src/index.js';

interface Events {
  word: [text: string];
  error: [error: Error];
}

class Speaker extends TypedEmitter<Events> {
  say(text: string): void {
    this.emit('word', text);
  }

  fail(): void {
    this.emit('error', new Error('nobody listens'));
  }
}

function recorder(): { logger: Logger; faults: Record<string, unknown>[] } {
  const faults: Record<string, unknown>[] = [];
  const ignore = (): void => undefined;
  const error = (fields: Readonly<Record<string, unknown>>): void => void faults.push({ ...fields });
  return { logger: { debug: ignore, info: ignore, warn: ignore, error }, faults };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('TypedEmitter', () => {
  it('calls the other listeners where one throws, and logs it', () => {
    const { logger, faults } = recorder();
    const speaker = new Speaker(logger);
    const heard: string[] = [];
    speaker.on('word', () => {
      throw new Error('deaf');
    });
    speaker.on('word', (text) => heard.push(text));
    expect(() => speaker.say('hello')).not.toThrow();
    expect(heard).toEqual(['hello']);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ event: 'word', err: new Error('deaf') });
  });

  it.each(['on', 'once'] as const)('logs a listener added with %s that rejects', async (add) => {
    const { logger, faults } = recorder();
    const speaker = new Speaker(logger);
    const heard: string[] = [];
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listen);
    const rejecting = (): unknown => Promise.reject(new Error('late'));
    speaker[add]('word', rejecting);
    speaker.on('word', (text) => heard.push(text));
    speaker.say('hello');
    await turn();
    await turn();
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
    expect(heard).toEqual(['hello']);
    expect(faults).toMatchObject([{ event: 'word', err: new Error('late') }]);
  });

  it('removes a listener, twice without harm', () => {
    const speaker = new Speaker();
    const heard: string[] = [];
    const off = speaker.on('word', (text) => heard.push(text));
    speaker.say('one');
    off();
    off();
    speaker.say('two');
    expect(heard).toEqual(['one']);
  });

  it('calls a listener added with once a single time, also where it speaks itself', () => {
    const speaker = new Speaker();
    const heard: string[] = [];
    speaker.once('word', (text) => {
      heard.push(text);
      speaker.say('again');
    });
    speaker.say('one');
    speaker.say('two');
    expect(heard).toEqual(['one']);
  });

  it('takes a once listener away before its time', () => {
    const speaker = new Speaker();
    const heard: string[] = [];
    speaker.once('word', (text) => heard.push(text))();
    speaker.say('one');
    expect(heard).toEqual([]);
  });

  it('does nothing about an error event that nobody listens to', () => {
    expect(() => new Speaker().fail()).not.toThrow();
  });
});
