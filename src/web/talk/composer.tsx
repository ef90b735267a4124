import type { TargetedKeyboardEvent } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { QueryOptions } from '../../client/index.js';
import { RawHistory } from '../frames/raw-messages.js';
import { catalog, useClient } from '../page.js';
import type { Schema } from '../schema.js';
import { Button, Disclose } from '../ui/button.js';
import { Field, Form, isComposing, Select } from '../ui/field.js';
import { useI18n } from '../ui/i18n.js';
import { Json } from '../ui/json.js';
import { useValue } from '../ui/signal.js';
import { ask } from './ask.js';
import { type Tray, TrayButton, TrayList, useTray } from './attachments.js';
import { type Draft, type Drafts, type Problem, readDrafts } from './form-values.js';
import { RawPanel } from './raw-panel.js';
import { SchemaFields } from './schema-fields.js';
import { thread } from './thread.js';
import { liveRuns } from './tracks.js';

const KINDS = ['streaming_query', 'agent_query', 'tool_call'] as const;
type Kind = (typeof KINDS)[number];
type Tab = Kind | 'raw';
const WHEN_BUSY = ['enqueue', 'interrupt', 'reject'] as const;
/** The fields of a message that a person may fill in; the page fills in the others. */
const OPTIONS = ['model', 'temperature', 'tools', 'on_disconnect', 'run_id'];

/** Where messages are written: questions, tool calls, and any message as raw JSON. */
export function Composer() {
  const hasCatalog = useValue(catalog) !== undefined;
  const [tab, setTab] = useState<Tab>('streaming_query');
  const tray = useTray(() => setTab((now) => (now === 'agent_query' ? now : 'streaming_query')));
  // Without a document of the server nothing is known of its tools.
  const kinds = hasCatalog ? KINDS : KINDS.filter((kind) => kind !== 'tool_call');
  return (
    <div class="composer" id="composer" tabIndex={-1}>
      <Tabs tabs={[...kinds, 'raw']} selected={tab} onSelect={setTab} />
      <div class="composer-panel" id="composer-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        <div hidden={tab !== 'raw'}>
          <RawPanel />
        </div>
        <div hidden={tab === 'raw'}>
          <QuestionForm kind={tab === 'raw' ? 'streaming_query' : tab} tray={tray} />
        </div>
      </div>
    </div>
  );
}

/** A question or a tool call, with what may be said besides. */
function QuestionForm({ kind, tray }: { readonly kind: Kind; readonly tray: Tray }) {
  const { t, maybe } = useI18n();
  const client = useClient();
  const { tools = [], messages = [] } = useValue(catalog) ?? {};
  const [query, setQuery] = useState('');
  const [recalled, setRecalled] = useState<string>();
  const [toolName, setToolName] = useState('');
  const [params, setParams] = useState<Drafts>({});
  const [options, setOptions] = useState<Drafts>({});
  const [problems, setProblems] = useState<Readonly<Record<string, Problem>>>({});
  const [shown, setShown] = useState({ more: false, json: false });
  const [whenBusy, setWhenBusy] = useState<(typeof WHEN_BUSY)[number]>('enqueue');
  const [history] = useState(() => new RawHistory());
  const form = useRef<HTMLFormElement>(null);
  const threadId = useValue(thread).id;
  const live = useValue(liveRuns);
  const tool = tools.find(({ name }) => name === toolName) ?? tools[0];
  const schema = optionsOf(messages.find(({ type }) => type === kind)?.schema);
  const choicesOf = (name: string) => (name === 'tools' ? tools.map((each) => each.name) : undefined);
  const read = readDrafts(schema, options, choicesOf);
  const call = readDrafts(tool?.parameters ?? {}, params);
  const isTool = kind === 'tool_call';
  const title = isTool ? (tool?.name ?? '') : query;
  const send = (): void => {
    const found = { ...(isTool && call.problems), ...read.problems };
    const isAsked = title.trim() !== '';
    setProblems(isAsked ? found : { ...found, query: { key: 'form.required' } });
    if (Object.keys(read.problems).length > 0) setShown({ ...shown, more: true });
    if (!isAsked || Object.keys(found).length > 0) {
      // The first field that is wrong is the next one to write in.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    ask(client, {
      request: { kind, title, params: call.value, options: asOptions(read.value) },
      attachments: isTool ? [] : tray.attachments,
      whenBusy: whenBusy === 'enqueue' ? undefined : whenBusy,
    });
    history.push(query);
    // The question is on the page now; the other fields stay for the next one.
    setQuery('');
    setOptions(({ run_id: _, ...others }) => others);
    if (!isTool) tray.clear();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLFormElement>): void => {
    if (event.key !== 'Enter' || isComposing(event) || !(event.target instanceof HTMLTextAreaElement)) return;
    const isQuestion = event.target.name === 'query' && !event.shiftKey;
    if (!isQuestion && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    send();
  };
  const settle = (name: string): void => setProblems(({ [name]: _, ...others }) => others);
  const write = (text: string): void => {
    setQuery(text);
    settle('query');
  };
  /** ArrowUp in an empty question brings back what was asked before. */
  const recall = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] as -1 | 1 | undefined;
    const text = by !== undefined && (query === '' || query === recalled) ? history.step(by, query) : undefined;
    if (text === undefined) return;
    event.preventDefault();
    setRecalled(text);
    write(text);
  };
  const change = (set: (update: (drafts: Drafts) => Drafts) => void) => (name: string, draft: Draft) => {
    set((drafts) => ({ ...drafts, [name]: draft }));
    settle(name);
  };
  const message = {
    type: kind,
    ...(isTool ? { tool_name: title, params: call.value } : { query, conversation_id: threadId }),
    ...read.value,
  };
  const parts = [
    ['more', 'composer-options', 'composer-more', t('form.more')],
    ['json', 'composer-json', 'composer-preview', 'JSON'],
  ] as const;
  const hasMore = Object.keys(schema.properties ?? {}).length > 0;
  return (
    <Form ref={form} aria-label={t('composer.label')} onKeyDown={onKeyDown} onSend={send}>
      {!isTool && threadId !== undefined && live.length > 0 && (
        <label class="busy line tiny">
          <span>{t('busy.label')}</span>
          <Select
            id="when-busy"
            value={whenBusy}
            options={WHEN_BUSY.map((each) => [each, t(`busy.${each}`)])}
            onPick={(picked) => setWhenBusy(picked as typeof whenBusy)}
          />
        </label>
      )}
      <div class="composer-body stack">
        {isTool ? (
          <>
            <Field
              id="tool-name"
              label="tool_name"
              help={tool === undefined ? '' : (maybe(`tool.${tool.name}`) ?? tool.description)}
            >
              <Select id="tool-name" value={title} options={tools.map(({ name }) => name)} onPick={setToolName} />
            </Field>
            <fieldset class="params stack">
              <SchemaFields
                key={title}
                schema={tool?.parameters ?? {}}
                drafts={params}
                problems={problems}
                onChange={change(setParams)}
              />
            </fieldset>
          </>
        ) : (
          <>
            <div class="field" data-field="query">
              <textarea
                id="query"
                name="query"
                rows={1}
                spellcheck={false}
                aria-label={t('form.query.label')}
                placeholder={t('form.query.placeholder')}
                aria-invalid={problems['query'] !== undefined}
                aria-describedby="query-problem"
                value={query}
                onInput={({ currentTarget }) => write(currentTarget.value)}
                onKeyDown={recall}
              />
              {problems['query'] !== undefined && (
                <p class="problem" id="query-problem">
                  {t(problems['query'].key)}
                </p>
              )}
            </div>
            <TrayList tray={tray} />
          </>
        )}
        {shown.more && (
          <div class="more-fields" id="composer-options">
            <SchemaFields
              schema={schema}
              drafts={options}
              problems={problems}
              choicesOf={choicesOf}
              onChange={change(setOptions)}
            />
          </div>
        )}
        {shown.json && (
          <div class="preview" id="composer-json">
            <Json value={message} />
          </div>
        )}
      </div>
      <div class="composer-foot line">
        {!isTool && <TrayButton tray={tray} />}
        {parts.map(
          ([part, controls, id, label]) =>
            (part === 'json' || hasMore) && (
              <Disclose
                key={id}
                id={id}
                controls={controls}
                isOpen={shown[part]}
                onToggle={(isOn) => setShown({ ...shown, [part]: isOn })}
              >
                {label}
              </Disclose>
            ),
        )}
        <p class="hint grow tiny muted ellipsis right">{t(`message.${kind}`)}</p>
        <Button kind="primary" icon="send" id="composer-send" type="submit" label={t('composer.send')} />
      </div>
    </Form>
  );
}

/** The part of a message schema that a person may fill in. */
function optionsOf(schema: Schema | undefined): Schema {
  const known = schema?.properties ?? {};
  const names = OPTIONS.filter((name) => name in known);
  return { properties: Object.fromEntries(names.map((name) => [name, known[name] ?? {}])) };
}

/** Fields of a message as options of the client. */
function asOptions({ run_id, on_disconnect, ...others }: Record<string, unknown>): QueryOptions {
  return {
    ...others,
    ...(run_id !== undefined && { runId: run_id }),
    ...(on_disconnect !== undefined && { onDisconnect: on_disconnect }),
  } as QueryOptions;
}

interface TabsProps {
  readonly tabs: readonly Tab[];
  readonly selected: Tab;
  readonly onSelect: (tab: Tab) => void;
}

/** What can be written: the arrows, Home and End go through it. */
function Tabs({ tabs, selected, onSelect }: TabsProps) {
  const { t } = useI18n();
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [selected]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = tabs.indexOf(selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const tab = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (tab === undefined) return;
    event.preventDefault();
    onSelect(tab);
    document.getElementById(`tab-${tab}`)?.focus();
  };
  return (
    <div ref={list} class="tabs scroll-row" role="tablist" aria-label={t('composer.types')} onKeyDown={onKeyDown}>
      {tabs.map((id) => (
        <button
          key={id}
          type="button"
          class="plain"
          role="tab"
          id={`tab-${id}`}
          aria-controls="composer-panel"
          aria-selected={id === selected}
          tabIndex={id === selected ? 0 : -1}
          onClick={() => onSelect(id)}
        >
          {id === 'raw' ? t('composer.raw') : id}
        </button>
      ))}
    </div>
  );
}
