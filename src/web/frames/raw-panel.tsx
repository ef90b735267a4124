/**
 * `<RawPanel client={…} recorder={…} plain={…} url={…} examples={…} atHand={…} />`: sends any text, over the connection
 * of the page or over a plain one without a subprotocol, which speaks the documented core. `recorder` and `plain` come
 * from `recordSockets`; `url` is the endpoint. `examples` are the client messages of `asyncapi.json`, `undefined` if
 * the server publishes none. `atHand` gives ids for an example: `conversation_id`, `run_id`, `tool_call_id`.
 */
import './raw-panel.css';
import type { TargetedKeyboardEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import type { Message } from './frames.js';
import { fillExample, groupMessages, problemOf, type MessageExample } from './message-groups.js';
import { RawHistory } from './raw-history.js';
import type { Recorder } from './recording-socket.js';
import { useRedraw } from './use-redraw.js';

interface RawPanelProps {
  readonly client: AgentClient;
  readonly recorder: Recorder;
  readonly plain: Recorder;
  readonly url: string;
  readonly examples: readonly MessageExample[] | undefined;
  readonly atHand: () => Message;
}

export function RawPanel({ client, recorder, plain, url, examples, atHand }: RawPanelProps) {
  const { t, maybe } = useI18n();
  useRedraw(plain.changed.on);
  const [history] = useState(() => new RawHistory());
  const [isCore, setCore] = useState(false);
  const [type, setType] = useState('ping');
  const [text, setText] = useState('{\n  "type": "ping"\n}');
  const [isUnsent, setUnsent] = useState(false);
  const groups = groupMessages(examples ?? [], isCore);
  const chosen = groups.flatMap((group) => group.examples).find((example) => example.type === type);
  const problem = problemOf(text);
  const about = examples === undefined ? t('composer.noCatalog') : (maybe(`message.${type}`) ?? chosen?.description);

  const fill = (type: string, isCore: boolean): void => {
    setType(type);
    setCore(isCore);
    const example = examples?.find((each) => each.type === type);
    if (example !== undefined) setText(fillExample(example, isCore, atHand()));
  };
  const send = async (): Promise<void> => {
    history.push(text);
    await (isCore ? plain.connect(url) : client.connect().catch(() => undefined));
    setUnsent(!(isCore ? plain : recorder).send(text));
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    const { key, ctrlKey, metaKey, currentTarget } = event;
    if (key === 'Enter' && (ctrlKey || metaKey)) void send();
    if (key !== 'ArrowUp' && key !== 'ArrowDown') return;
    // In the first line and the last one the arrows have nowhere else to go.
    const isUp = key === 'ArrowUp';
    const beyond = isUp ? text.slice(0, currentTarget.selectionStart) : text.slice(currentTarget.selectionEnd);
    const other = beyond.includes('\n') ? undefined : history.step(isUp ? -1 : 1, text);
    if (other === undefined) return;
    event.preventDefault();
    setText(other);
  };

  return (
    <div class="raw-panel" id="raw-panel" role="group" aria-label={t('composer.raw')}>
      <div class="raw-choices">
        <label>
          <span class="field-name">{t('raw.over')}</span>
          <select
            id="raw-source"
            value={isCore ? 'plain' : 'client'}
            onChange={({ currentTarget }) => fill(type, currentTarget.value === 'plain')}
          >
            <option value="client">{t('raw.over.client')}</option>
            <option value="plain">{t('raw.over.plain')}</option>
          </select>
        </label>
        <label hidden={groups.length === 0}>
          <span class="field-name">{t('composer.types')}</span>
          <select
            id="raw-type"
            value={chosen?.type ?? ''}
            onChange={({ currentTarget }) => fill(currentTarget.value, isCore)}
          >
            {chosen === undefined && <option value="">{t('raw.choose')}</option>}
            {groups.map((group) => (
              <optgroup key={group.name} label={t(`raw.group.${group.name}`)}>
                {group.examples.map((example) => (
                  <option key={example.type}>{example.type}</option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        {isCore && plain.isOpen() && <Button icon="plug" label={t('disconnect')} onClick={plain.close} />}
      </div>
      <p class="field-help">{isCore ? `${about ?? ''} ${t('raw.core')}` : about}</p>
      <textarea
        id="raw-json"
        class="mono"
        rows={9}
        spellcheck={false}
        autocapitalize="off"
        aria-label={t('composer.raw')}
        aria-describedby="raw-verdict"
        aria-invalid={problem !== undefined}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class="raw-foot">
        <p class="field-help" id="raw-verdict" role="status">
          {t(isUnsent ? 'raw.unreachable' : problem === undefined ? 'raw.valid' : `raw.${problem}`)}
        </p>
        <Button kind="primary" icon="send" id="raw-send" label={t('composer.send')} onClick={() => void send()} />
      </div>
    </div>
  );
}
