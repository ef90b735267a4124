import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { AgentClient } from '../client/index.js';
import type { Catalog } from './catalog.js';

/** The parts of the page of which a narrow screen shows one. */
export type View = 'conversation' | 'room' | 'log' | 'statistics';

/** What the parts of the page share. */
export interface Page {
  readonly client: AgentClient;
  /** `undefined` if the server publishes none. */
  readonly catalog: Catalog | undefined;
  /** The endpoint, as it stands in its field. */
  readonly url: string;
  readonly show: (view: View) => void;
  /** Lists the frames that hold a text. */
  readonly showFrames: (text: string) => void;
  /** The headers that say to the server of the endpoint who asks; none for any other server. */
  readonly credentialsFor: (address: URL) => Readonly<Record<string, string>>;
}

const Context = createContext<Page | undefined>(undefined);

export const PageProvider = Context.Provider;

export function usePage(): Page {
  const page = useContext(Context);
  if (page === undefined) throw new Error('This is not part of the page');
  return page;
}

/** An address of the server. A server that is mounted below a prefix moves everything together. */
export function addressOf(path: string): URL {
  return new URL(`../${path.replace(/^\//, '')}`, location.href);
}
