import type { TargetedKeyboardEvent } from 'preact';
import { useState } from 'preact/hooks';
import { catalog, url, useClient } from '../page.js';
import { Button } from '../ui/button.js';
import { Select } from '../ui/field.js';
import { useI18n } from '../ui/i18n.js';
import type { Message } from '../frames/frames.js';
import { fillExample, groupMessages, problemOf, RawHistory } from '../frames/raw-messages.js';
import { recording } from '../frames/recording.js';
import { useRedraw } from '../ui/redraw.js';
import { useValue } from '../ui/signal.js';
import { plainRecorder, recorder } from './link.js';
import { thread } from './thread.js';
import { liveRuns } from './tracks.js';

/** Sends any text, over the connection of the page or over a plain one, which speaks the documented core. */
export function RawPanel() {
  const client = useClient();
  const { t, maybe } = useI18n();
  useRedraw(plainRecorder.changed.on);
  const [history] = useState(() => new RawHistory());
  const [isCore, setCore] = useState(false);
  const [type, setType] = useState('ping');
  const [text, setText] = useState('{\n  "type": "ping"\n}');
  const [isUnsent, setUnsent] = useState(false);
  const examples = useValue(catalog)?.messages.filter(({ from }) => from === 'client');
  const groups = groupMessages(examples ?? [], isCore);
  const chosen = groups.flatMap((group) => group.examples).find((example) => example.type === type);
  const problem = problemOf(text);
  const about =
    examples === undefined ? t('composer.noCatalog') : (maybe(`message.${type}`) ?? chosen?.schema.description);

  const fill = (type: string, isCore: boolean): void => {
    setType(type);
    setCore(isCore);
    const example = examples?.find((each) => each.type === type);
    if (example !== undefined) setText(fillExample(example, isCore, atHand()));
  };
  const send = async (): Promise<void> => {
    history.push(text);
    await (isCore ? plainRecorder.connect(url.value) : client.connect().catch(() => undefined));
    setUnsent(!(isCore ? plainRecorder : recorder).send(text));
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
    <div class="raw-panel stack" id="raw-panel" role="group" aria-label={t('composer.raw')}>
      <div class="line wrap">
        <label>
          <span class="field-name">{t('raw.over')}</span>
          <Select
            id="raw-source"
            value={isCore ? 'plain' : 'client'}
            options={(['client', 'plain'] as const).map((name) => [name, t(`raw.over.${name}`)])}
            onPick={(source) => fill(type, source === 'plain')}
          />
        </label>
        <label hidden={groups.length === 0}>
          <span class="field-name">{t('composer.types')}</span>
          <Select
            id="raw-type"
            value={chosen?.type ?? ''}
            options={chosen === undefined ? [['', t('raw.choose')]] : []}
            onPick={(picked) => fill(picked, isCore)}
          >
            {groups.map((group) => (
              <optgroup key={group.name} label={t(`raw.group.${group.name}`)}>
                {group.examples.map((example) => (
                  <option key={example.type}>{example.type}</option>
                ))}
              </optgroup>
            ))}
          </Select>
        </label>
        {isCore && plainRecorder.isOpen() && (
          <Button icon="plug" label={t('disconnect')} onClick={plainRecorder.close} />
        )}
      </div>
      <p class="tiny muted">{isCore ? `${about ?? ''} ${t('raw.core')}` : about}</p>
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
      <div class="line">
        <p class="tiny muted grow" id="raw-verdict" role="status">
          {t(isUnsent ? 'raw.unreachable' : problem === undefined ? 'raw.valid' : `raw.${problem}`)}
        </p>
        <Button kind="primary" icon="send" id="raw-send" label={t('composer.send')} onClick={() => void send()} />
      </div>
    </div>
  );
}

/** What a raw message is likely to be about: the conversation, the newest run, and the decision it waits for. */
function atHand(): Message {
  const waiting = liveRuns.value.findLast(({ approvals }) => approvals.length > 0);
  return {
    conversation_id: thread.value.id,
    run_id: waiting?.id ?? recording.runs.all.at(-1)?.runId,
    tool_call_id: waiting?.approvals[0]?.toolCallId,
  };
}
