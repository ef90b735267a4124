import './style/tokens.css';
import './style/base.css';
import './style/markdown.css';
import './style/page.css';
import './style/talk.css';
import './style/room.css';
import './style/frames.css';
import { render } from 'preact';
import { DEFAULT_PATH } from '../protocol/version.js';
import { App } from './app.js';
import { type AsyncApi, loadDocument, readCatalog } from './catalog.js';
import { addressOf, catalog, url } from './page.js';
import { connectTo, keptToken } from './talk/link.js';
import { keepFocus } from './ui/focus.js';
import { readKept } from './ui/kept.js';

/** Connects by itself as soon as it knows where to. */
function begin(): void {
  url.value = readKept('sessionStorage', 'endpoint') ?? endpoint(catalog.value?.path ?? DEFAULT_PATH);
  try {
    connectTo(url.value, keptToken());
  } catch {
    // What the person wrote last is no URL: they see it in its field.
    connectTo(endpoint(DEFAULT_PATH), keptToken());
  }
  render(<App />, document.body);
  keepFocus();
}

function endpoint(path: string): string {
  const address = addressOf(path);
  address.protocol = address.protocol.replace('http', 'ws');
  return address.href;
}

void loadDocument(addressOf('docs/asyncapi.json'))
  .then((document) => (catalog.value = readCatalog(document as AsyncApi)))
  .catch(() => undefined)
  .then(begin);
