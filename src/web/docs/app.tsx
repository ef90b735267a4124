import { useEffect, useState } from 'preact/hooks';
import { setLanguage, useI18n } from '../ui/i18n.js';
import { nextTheme, useTheme } from '../ui/theme.js';
import { Button } from '../ui/button.js';
import { Chapters } from './chapters.js';
import { Contents } from './contents.js';
import { loadReference, type Reference } from './reference.js';
import { Search } from './search.js';
import { docsTexts } from './texts.js';

/** The documentation page. */
export function App() {
  const { language, t } = useI18n();
  const texts = docsTexts(language);
  const theme = useTheme();
  const [reference, setReference] = useState<Reference | 'failed'>();
  useEffect(() => {
    loadReference().then(setReference, () => setReference('failed'));
  }, []);
  useEffect(() => {
    document.title = `agent-ws · ${texts.title}`;
  }, [texts]);
  useEffect(() => {
    // What the address names did not exist when the page was opened.
    if (typeof reference === 'object') document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [reference]);
  const isRead = typeof reference === 'object';
  return (
    <>
      <a class="skip" href="#overview">
        {texts.skip}
      </a>
      <header class="docs-head">
        <h1>
          agent-ws <small>{texts.title}</small> {isRead && <small class="version">{reference.version}</small>}
        </h1>
        {isRead && <Search reference={reference} />}
        <p class="docs-links">
          <a href="static/test_websocket.html">{texts.testPage}</a>
          <a href="docs/asyncapi.json">asyncapi.json</a>
          <a href="docs/openapi.json">openapi.json</a>
        </p>
        <Button
          label={texts.language}
          lang={language === 'zh' ? 'en' : 'zh'}
          onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
        />
        <Button kind="icon" icon={theme} label={`${texts.theme}: ${t(`theme.${theme}`)}`} onClick={nextTheme} />
      </header>
      {isRead && (
        <div class="docs">
          <details class="contents-box" open={matchMedia('(min-width: 60rem)').matches}>
            <summary>{texts.contents}</summary>
            <Contents reference={reference} />
          </details>
          <main>
            <Chapters reference={reference} />
          </main>
        </div>
      )}
      {reference === 'failed' && (
        <p class="docs-failed" role="alert">
          {texts.failed}
        </p>
      )}
    </>
  );
}
