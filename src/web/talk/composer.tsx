import type { TargetedKeyboardEvent } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { AgentClient, QueryOptions } from '../../client/index.js';
import type { Catalog } from '../catalog.js';
import type { Schema } from '../schema.js';
import { RawHistory } from '../frames/raw-history.js';
import { RawPanel } from '../frames/raw-panel.js';
import { Button } from '../ui/button.js';
import { useI18n } from '../ui/i18n.js';
import { Json } from '../ui/json.js';
import { useValue } from '../ui/value.js';
import type { Ask } from './ask.js';
import { Disclose } from './disclose.js';
import { readDrafts, type Draft, type Drafts, type Problem } from './form-values.js';
import { atHand } from './at-hand.js';
import { plainRecorder, recorder } from './link.js';
import { SchemaFields } from './schema-fields.js';
import { Tabs } from './tabs.js';
import { thread } from './thread.js';
import { liveRuns } from './tracks.js';
import { TrayButton, TrayList } from './tray-list.js';
import { useTray } from './tray.js';

interface ComposerProps {
  readonly client: AgentClient;
  readonly catalog: Catalog | undefined;
  readonly url: string;
  readonly ask: Ask;
}

const KINDS = ['streaming_query', 'agent_query', 'tool_call'] as const;
type Kind = (typeof KINDS)[number];
const WHEN_BUSY = ['enqueue', 'interrupt', 'reject'] as const;
/** The fields of a message that a person may fill in; the page fills in the others. */
const OPTIONS = ['model', 'temperature', 'tools', 'on_disconnect', 'run_id'];

/** Where messages are written: questions, tool calls, and any message as raw JSON. */
export function Composer({ client, catalog, url, ask }: ComposerProps) {
  const { t } = useI18n();
  const [tab, setTab] = useState<Kind | 'raw'>('streaming_query');
  const tray = useTray(client, () => setTab((now) => (isQuery(now) ? now : 'streaming_query')));
  const tabs = [...(catalog === undefined ? KINDS.filter(isQuery) : KINDS), 'raw' as const];
  return (
    <div class="composer" id="composer" tabIndex={-1}>
      <Tabs
        label={t('composer.types')}
        panel="composer-panel"
        tabs={tabs.map((id) => ({ id, label: id === 'raw' ? t('composer.raw') : id }))}
        selected={tab}
        onSelect={setTab}
      />
      <div class="composer-panel" id="composer-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        <div hidden={tab !== 'raw'}>
          <RawPanel
            client={client}
            recorder={recorder}
            plain={plainRecorder}
            url={url}
            examples={catalog?.messages}
            atHand={atHand}
          />
        </div>
        <div hidden={tab === 'raw'}>
          <QuestionForm kind={tab === 'raw' ? 'streaming_query' : tab} catalog={catalog} tray={tray} ask={ask} />
        </div>
      </div>
    </div>
  );
}

interface QuestionFormProps {
  readonly kind: Kind;
  readonly catalog: Catalog | undefined;
  readonly tray: ReturnType<typeof useTray>;
  readonly ask: Ask;
}

/** A question or a tool call, with what may be said besides. */
function QuestionForm({ kind, catalog, tray, ask }: QuestionFormProps) {
  const { t, maybe } = useI18n();
  const [query, setQuery] = useState('');
  const [toolName, setToolName] = useState('');
  const [params, setParams] = useState<Drafts>({});
  const [options, setOptions] = useState<Drafts>({});
  const [problems, setProblems] = useState<Readonly<Record<string, Problem>>>({});
  const [shown, setShown] = useState({ more: false, json: false });
  const [whenBusy, setWhenBusy] = useState<QueryOptions['whenBusy']>('enqueue');
  const [history] = useState(() => new RawHistory());
  const form = useRef<HTMLFormElement>(null);
  const threadId = useValue(thread).id;
  const live = useValue(liveRuns);
  const tools = catalog?.tools ?? [];
  const tool = tools.find(({ name }) => name === toolName) ?? tools[0];
  const schema = optionsOf(catalog?.messages.find(({ type }) => type === kind)?.schema);
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
    const attachments = isTool ? [] : tray.attachments;
    const busy = whenBusy === 'enqueue' ? undefined : whenBusy;
    ask({
      request: { kind, title, params: call.value, options: asOptions(read.value) },
      attachments,
      whenBusy: busy,
    });
    history.push(query);
    // The question is on the page now; the other fields stay for the next one.
    setQuery('');
    setOptions(({ run_id: _, ...others }) => others);
    if (!isTool) tray.clear();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLFormElement>): void => {
    // While an input method composes, Enter picks a candidate.
    if (event.key !== 'Enter' || event.isComposing || !(event.target instanceof HTMLTextAreaElement)) return;
    const isQuestion = event.target.name === 'query' && !event.shiftKey;
    if (!isQuestion && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    send();
  };
  const change = (set: (update: (drafts: Drafts) => Drafts) => void) => (name: string, draft: Draft) => {
    set((drafts) => ({ ...drafts, [name]: draft }));
    setProblems(({ [name]: _, ...others }) => others);
  };
  const message = {
    type: kind,
    ...(isTool ? { tool_name: title, params: call.value } : { query, conversation_id: threadId }),
    ...read.value,
  };
  const isBusy = !isTool && threadId !== undefined && live.length > 0;
  return (
    <form
      ref={form}
      aria-label={t('composer.label')}
      noValidate
      onKeyDown={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {isBusy && (
        <label class="busy">
          <span>{t('busy.label')}</span>
          <select
            id="when-busy"
            value={whenBusy}
            onChange={({ currentTarget }) => setWhenBusy(WHEN_BUSY.find((each) => each === currentTarget.value))}
          >
            {WHEN_BUSY.map((each) => (
              <option key={each} value={each}>
                {t(`busy.${each}`)}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="composer-body">
        {isTool ? (
          <div class="form">
            <div class="field">
              <label class="field-name" for="tool-name">
                tool_name
              </label>
              <select id="tool-name" value={title} onChange={({ currentTarget }) => setToolName(currentTarget.value)}>
                {tools.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
              <p class="field-help">{tool === undefined ? '' : (maybe(`tool.${tool.name}`) ?? tool.description)}</p>
            </div>
            <fieldset class="params">
              <SchemaFields
                key={title}
                schema={tool?.parameters ?? {}}
                drafts={params}
                problems={problems}
                onChange={change(setParams)}
              />
            </fieldset>
          </div>
        ) : (
          <Query
            value={query}
            problem={problems['query']}
            onInput={(text) => {
              setQuery(text);
              setProblems(({ query: _, ...others }) => others);
            }}
            onStep={(by) => history.step(by, query)}
          />
        )}
        {!isTool && <TrayList tray={tray} />}
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
      <div class="composer-foot">
        {!isTool && <TrayButton tray={tray} />}
        {Object.keys(schema.properties ?? {}).length > 0 && (
          <Disclose
            id="composer-more"
            controls="composer-options"
            isOpen={shown.more}
            onToggle={(more) => setShown({ ...shown, more })}
          >
            {t('form.more')}
          </Disclose>
        )}
        <Disclose
          id="composer-preview"
          controls="composer-json"
          isOpen={shown.json}
          onToggle={(json) => setShown({ ...shown, json })}
        >
          JSON
        </Disclose>
        <p class="composer-hint">{t(`message.${kind}`)}</p>
        <Button kind="primary" icon="send" id="composer-send" type="submit" label={t('composer.send')} />
      </div>
    </form>
  );
}

interface QueryProps {
  readonly value: string;
  readonly problem: Problem | undefined;
  readonly onInput: (text: string) => void;
  /** The question before or after the one that is shown. */
  readonly onStep: (by: -1 | 1) => string | undefined;
}

/** The question. ArrowUp in an empty one brings back what was asked before. */
function Query({ value, problem, onInput, onStep }: QueryProps) {
  const { t } = useI18n();
  const [recalled, setRecalled] = useState<string>();
  return (
    <div class="field" data-field="query">
      <label class="visually-hidden" for="query">
        {t('form.query.label')}
      </label>
      <textarea
        id="query"
        name="query"
        rows={1}
        spellcheck={false}
        placeholder={t('form.query.placeholder')}
        aria-invalid={problem !== undefined}
        aria-describedby="query-problem"
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
        onKeyDown={(event) => {
          const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] as -1 | 1 | undefined;
          if (by === undefined || (value !== '' && value !== recalled)) return;
          const text = onStep(by);
          if (text === undefined) return;
          event.preventDefault();
          setRecalled(text);
          onInput(text);
        }}
      />
      {problem !== undefined && (
        <p class="field-problem" id="query-problem">
          {t(problem.key)}
        </p>
      )}
    </div>
  );
}

function isQuery(kind: Kind | 'raw'): kind is 'streaming_query' | 'agent_query' {
  return kind === 'streaming_query' || kind === 'agent_query';
}

/** The part of a message schema that a person may fill in. */
function optionsOf(schema: Schema | undefined): Schema {
  const properties = Object.entries(schema?.properties ?? {}).filter(([name]) => OPTIONS.includes(name));
  return { properties: Object.fromEntries(properties.sort(([a], [b]) => OPTIONS.indexOf(a) - OPTIONS.indexOf(b))) };
}

/** Fields of a message as options of the client. */
function asOptions({ run_id, on_disconnect, ...others }: Record<string, unknown>): QueryOptions {
  return {
    ...others,
    ...(run_id !== undefined && { runId: run_id }),
    ...(on_disconnect !== undefined && { onDisconnect: on_disconnect }),
  } as QueryOptions;
}
