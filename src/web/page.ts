import type { AgentClient } from '../client/index.js';
import type { Catalog } from './catalog.js';
import { recording } from './frames/recording.js';
import { useValue, Value } from './ui/signal.js';

/** The parts of the page of which a narrow screen shows one. */
export type View = 'conversation' | 'room' | 'log' | 'statistics';

export const view = new Value<View>('conversation');

/** What the server understands; `undefined` if it publishes no document. */
export const catalog = new Value<Catalog | undefined>(undefined);

/** The endpoint, as it stands in its field. */
export const url = new Value('');

/** The client of the page. Another endpoint or another token makes another one. */
export const link = new Value<AgentClient | undefined>(undefined);

/** The client of the page, which is there before anything is shown. */
export function useClient(): AgentClient {
  const client = useValue(link);
  if (client === undefined) throw new Error('The page has no client yet');
  return client;
}

/** Lists the frames that hold a text. */
export function showFrames(text: string): void {
  view.value = 'log';
  recording.rows.show({ text });
}

/** An address of the server. A server that is mounted below a prefix moves everything together. */
export function addressOf(path: string): URL {
  return new URL(`../${path.replace(/^\//, '')}`, location.href);
}
