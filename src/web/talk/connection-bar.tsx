import { useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import { useConnection } from '../../client/react.js';
import { useRedraw } from '../frames/use-redraw.js';
import { Button } from '../ui/button.js';
import { formatMs } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { writeKept } from '../ui/kept.js';
import { connectTo, disconnect, keptToken, recording } from './link.js';
import { wrongCharacter } from './wrong-character.js';

interface ConnectionBarProps {
  readonly client: AgentClient;
  readonly url: string;
  readonly onUrl: (url: string) => void;
  /** Says what is wrong with a field; `undefined` if nothing is. */
  readonly onProblem: (text: string | undefined) => void;
}

/** Where the page is connected, as whom, and the button that connects and disconnects. */
export function ConnectionBar({ client, url, onUrl, onProblem }: ConnectionBarProps) {
  const { t } = useI18n();
  const { state, greeting } = useConnection(client);
  const [token, setToken] = useState(keptToken);
  const [isOpen, setOpen] = useState(false);
  const [wrong, setWrong] = useState<'url' | 'token'>();
  const canConnect = state === 'idle' || state === 'closed';
  const refuse = (field: 'url' | 'token', text: string): void => {
    setWrong(field);
    setOpen(true);
    onProblem(text);
    requestAnimationFrame(() => document.getElementById(field)?.focus());
  };
  const connect = (): void => {
    const character = wrongCharacter(token.trim());
    if (character !== undefined) {
      const shown = /\s/u.test(character) ? t('token.space') : character;
      refuse('token', t('banner.badToken', { character: shown }));
      return;
    }
    try {
      connectTo(url.trim(), token.trim());
      onProblem(undefined);
      setWrong(undefined);
    } catch {
      refuse('url', t('banner.badUrl'));
    }
  };
  const edit = (set: (text: string) => void) => (event: { readonly currentTarget: { readonly value: string } }) => {
    set(event.currentTarget.value);
    setWrong(undefined);
  };
  const field = { autocomplete: 'off', autocapitalize: 'off', spellcheck: false, readOnly: !canConnect } as const;
  return (
    <form
      class={isOpen ? 'connection is-open' : 'connection'}
      id="connection"
      aria-label={t('connection.label')}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (canConnect) connect();
        else disconnect();
      }}
    >
      <p class="status-pill" title={state === 'connected' ? `connection_id ${greeting?.connectionId}` : undefined}>
        <span class="status-dot" aria-hidden="true" />
        <span class="status-text" id="status">
          {t(`status.${state}`)}
        </span>
        {state === 'connected' && <LatencyText />}
      </p>
      <div class="endpoint">
        <input
          {...field}
          id="url"
          type="text"
          inputMode="url"
          aria-label={t('connection.url')}
          aria-invalid={wrong === 'url'}
          value={url}
          onInput={edit((text) => {
            writeKept('sessionStorage', 'endpoint', text.trim());
            onUrl(text);
          })}
        />
        <input
          {...field}
          id="token"
          type="password"
          aria-label={t('connection.token')}
          placeholder={t('connection.token')}
          title={t('connection.token.help')}
          aria-invalid={wrong === 'token'}
          value={token}
          onInput={edit(setToken)}
        />
      </div>
      <Button
        kind="icon"
        class="icon-button only-narrow"
        icon="settings"
        id="connection-toggle"
        aria-expanded={isOpen}
        aria-controls="url"
        label={t('connection.settings')}
        onClick={() => setOpen(!isOpen)}
      />
      <Button
        kind={canConnect ? 'primary' : 'button'}
        icon="plug"
        id="connect"
        type="submit"
        label={t(canConnect ? 'connect' : state === 'connected' ? 'disconnect' : 'stop')}
      />
    </form>
  );
}

function LatencyText() {
  const { latency } = recording;
  useRedraw(latency.changed.on);
  return (
    <span class="status-latency" id="status-latency">
      {latency.last !== undefined && formatMs(latency.last)}
    </span>
  );
}
