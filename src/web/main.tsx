import './style/tokens.css';
import './style/base.css';
import './style/markdown.css';
import './style/page.css';
import './style/talk.css';
import './style/room.css';
import './style/frames.css';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { DEFAULT_PATH } from '../protocol/version.js';
import { App } from './app.js';
import { type AsyncApi, type Catalog, loadDocument, readCatalog } from './catalog.js';
import { addressOf } from './page.js';
import { connectTo, keptToken, link } from './talk/link.js';
import { readKept } from './ui/kept.js';
import { useValue } from './ui/signal.js';

/** Connects by itself as soon as it knows where to. */
function Page() {
  const client = useValue(link);
  const [catalog, setCatalog] = useState<Catalog>();
  const [url, setUrl] = useState('');
  useEffect(() => {
    const begin = (loaded?: Catalog): void => {
      setCatalog(loaded);
      const known = readKept('sessionStorage', 'endpoint') ?? endpoint(loaded?.path ?? DEFAULT_PATH);
      setUrl(known);
      try {
        connectTo(known, keptToken());
      } catch {
        // What the person wrote last is no URL: they see it in its field.
        connectTo(endpoint(DEFAULT_PATH), keptToken());
      }
    };
    loadDocument(addressOf('docs/asyncapi.json'))
      .then((document) => readCatalog(document as AsyncApi))
      .then(begin, () => begin());
  }, []);
  useEffect(() => {
    if (client !== undefined) document.documentElement.dataset['ready'] = '';
  }, [client]);
  return client && <App client={client} catalog={catalog} url={url} onUrl={setUrl} />;
}

function endpoint(path: string): string {
  const url = addressOf(path);
  url.protocol = url.protocol.replace('http', 'ws');
  return url.href;
}

render(<Page />, document.body);
