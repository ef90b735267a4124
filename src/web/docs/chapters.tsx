import type { ComponentChildren } from 'preact';
import { CLOSE_CODES } from '../../protocol/close-codes.js';
import { ERROR_CODES, type ErrorCode } from '../../protocol/error-codes.js';
import { LIMITS, SUBPROTOCOL } from '../../protocol/version.js';
import type { MessageSpec } from '../catalog.js';
import { CodeBlock } from '../markdown/code-block.js';
import { closeText } from '../ui/close-text.js';
import { Tag } from '../ui/facts.js';
import { fill } from '../ui/fill.js';
import { formatCount } from '../ui/format.js';
import type { ChapterId, Told } from './places.js';
import { prose } from './prose.js';
import { Sequence, SEQUENCE_NAMES } from './sequence.js';
import { fieldTable, table } from './table.js';
import { errorMeaning, GUIDES, meaning } from './texts.js';

const FIRST = `const socket = new WebSocket('ws://' + location.host + '{path}', '{subprotocol}');
socket.onopen = () => socket.send(JSON.stringify({ type: 'streaming_query', query: '你好' }));
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === 'stream_chunk') console.log(message.content);
  if (message.type === 'error') console.error(message.code, message.error);
};`;

/** All chapters of the page, in order. */
export function Chapters({ reference, i18n }: Told) {
  const { language, t, maybe } = i18n;
  const { messages, tools, routes } = reference;
  const values = { path: reference.path, subprotocol: SUBPROTOCOL };
  const cards = (side: MessageSpec['from']) =>
    messages
      .filter(({ from }) => from === side)
      .map((message) => <Card {...message} reference={reference} i18n={i18n} />);
  const chapter = (id: ChapterId, ...children: ComponentChildren[]) => (
    <section id={id}>
      <h2>{t(`chapter.${id}`)}</h2>
      {children}
    </section>
  );
  const errors = Object.entries(ERROR_CODES).map(([code, { retryable }]) => ({
    id: `error-${code}`,
    cells: [<code>{code}</code>, prose(errorMeaning(code as ErrorCode, i18n)), t(retryable ? 'yes' : 'no')],
  }));
  const closes = Object.values(CLOSE_CODES).map(({ code, reason, reconnect }) => ({
    id: `close-${code}`,
    cells: [<code>{code}</code>, reason, closeText(code, i18n), t(reconnect)],
  }));
  const limits = Object.entries(LIMITS).flatMap(([name, most]) => {
    const what = maybe(`limit.${name}`);
    return what === undefined ? [] : [{ cells: [prose(what), formatCount(most, language)] }];
  });
  const http = routes.map(({ path, summary, answers }) => {
    const lines = answers.map(({ status, about }) => (
      <div>
        <code>{status}</code> {prose(meaning(about, language))}
      </div>
    ));
    return { cells: [<code>{path}</code>, summary[language], lines] };
  });
  return (
    <>
      {chapter(
        'overview',
        <p>{prose(t('overview.run', values))}</p>,
        <p>{prose(t('overview.core', values))}</p>,
        <h3>{t('overview.first')}</h3>,
        <CodeBlock codes={[{ text: fill(FIRST, values), lang: 'js' }]} />,
      )}
      {chapter(
        'sequences',
        SEQUENCE_NAMES.map((name) => <Sequence name={name} i18n={i18n} />),
      )}
      {chapter(
        'guide',
        GUIDES.map(({ id, title, steps }) => (
          <article id={id}>
            <h3>{t(title)}</h3>
            <ol>
              {steps.map((step) => (
                <li>{prose(t(step, values))}</li>
              ))}
            </ol>
            {id === 'resume-run' && <CodeBlock codes={[{ text: t('code.resume-run') }]} />}
          </article>
        )),
      )}
      {chapter('client', cards('client'))}
      {chapter('server', cards('server'))}
      {chapter('errors', table(i18n, ['code', 'meaning', 'retryable'], errors))}
      {chapter('close', table(i18n, ['code', 'reason', 'meaning', 'reconnect'], closes))}
      {chapter('limits', table(i18n, ['what', 'atMost'], limits))}
      {chapter(
        'tools',
        tools.map(({ name, description, parameters }) => (
          <article id={`tool-${name}`}>
            <h3>
              <code>{name}</code>
            </h3>
            <p>{maybe(`tool.${name}`) ?? description}</p>
            {fieldTable(i18n, `tool-${name}`, parameters)}
          </article>
        )),
        tools.length === 0 && <p>{t('tools.none')}</p>,
      )}
      {chapter('http', table(i18n, ['path', 'what', 'answers'], http))}
    </>
  );
}

function Card({ id, type, from, tags, schema, example, answers, reference, i18n }: MessageSpec & Told) {
  const { language, t } = i18n;
  return (
    <article id={id}>
      <h3>
        <a href={`#${id}`}>
          <code>{type}</code>
        </a>
        <Tag tone={from === 'client' ? 'out' : 'good'}>{t(`from.${from}`)}</Tag>
        {tags.map((tag) => (
          <Tag tone="plain">{tag === 'ends-a-run' ? t('docs.endsRun') : tag}</Tag>
        ))}
      </h3>
      <p>{prose(meaning(schema.description, language))}</p>
      {answers.length > 0 && (
        <p class="answers">
          {t('docs.answeredBy')}{' '}
          {answers.map((answer) => [
            <a href={`#${answer}`}>
              <code>{reference.messages.find((each) => each.id === answer)?.type}</code>
            </a>,
            ' ',
          ])}
        </p>
      )}
      {fieldTable(i18n, id, schema)}
      <CodeBlock codes={[{ text: JSON.stringify(example, undefined, 2), lang: 'json' }]} />
    </article>
  );
}
