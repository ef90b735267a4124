import '../style/tokens.css';
import '../style/base.css';
import '../style/markdown.css';
import '../style/docs.css';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useI18n } from '../ui/i18n.js';
import { Settings } from '../ui/settings.js';
import { Chapters } from './chapters.js';
import { Contents } from './contents.js';
import { loadReference, type Reference } from './reference.js';
import { Search } from './search.js';
import { docs } from './texts.js';

/** The documentation page. */
function App() {
  const i18n = docs[useI18n().language];
  const { t } = i18n;
  const [reference, setReference] = useState<Reference>();
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    loadReference().then(setReference, () => setFailed(true));
  }, []);
  useEffect(() => {
    document.title = `agent-ws · ${t('docs.title')}`;
  }, [t]);
  useEffect(() => {
    // What the address names did not exist when the page was opened.
    if (reference !== undefined) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [reference]);
  return (
    <>
      <a class="skip" href="#overview">
        {t('docs.skip')}
      </a>
      <header class="docs-head">
        <h1>
          agent-ws <small>{t('docs.title')}</small> {reference && <small>{reference.version}</small>}
        </h1>
        {reference && <Search reference={reference} i18n={i18n} />}
        <p>
          <a href="static/test_websocket.html">{t('docs.testPage')}</a>
          <a href="docs/asyncapi.json">asyncapi.json</a>
          <a href="docs/openapi.json">openapi.json</a>
        </p>
        <div class="line">
          <Settings />
        </div>
      </header>
      {reference && (
        <div class="docs">
          <details open={matchMedia('(min-width: 60rem)').matches}>
            <summary>{t('docs.contents')}</summary>
            <Contents reference={reference} i18n={i18n} />
          </details>
          <main>
            <Chapters reference={reference} i18n={i18n} />
          </main>
        </div>
      )}
      {isFailed && <p role="alert">{t('docs.failed')}</p>}
    </>
  );
}

const root = document.getElementById('docs');
if (root !== null) render(<App />, root);
