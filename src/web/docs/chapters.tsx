import type { ComponentChildren } from 'preact';
import { CLOSE_CODES } from '../../protocol/close-codes.js';
import { ERROR_CODES } from '../../protocol/error-codes.js';
import { LIMITS, SUBPROTOCOL } from '../../protocol/version.js';
import { SHOWN_LIMITS, type DocsTexts, type SectionName } from '../locale/docs-texts.js';
import { CodeBlock, Code } from '../markdown/code-block.js';
import { useI18n, type I18n } from '../ui/i18n.js';
import { FieldTable, Table } from './field-table.js';
import { Prose } from './prose.js';
import type { Message, Reference } from './reference.js';
import { Sequence } from './sequence.js';
import { closeText } from '../ui/close-text.js';
import { fill } from '../ui/fill.js';
import { docsTexts, errorMeaning, meaning } from './texts.js';

const FIRST = `const socket = new WebSocket('ws://' + location.host + '{path}', '{subprotocol}');
socket.onopen = () => socket.send(JSON.stringify({ type: 'streaming_query', query: '你好' }));
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === 'stream_chunk') console.log(message.content);
  if (message.type === 'error') console.error(message.code, message.error);
};`;

/** All chapters of the page, in order. */
export function Chapters({ reference }: { readonly reference: Reference }) {
  const i18n = useI18n();
  const texts = docsTexts(i18n.language);
  const values = { path: reference.path, subprotocol: SUBPROTOCOL };
  const chapter = (id: SectionName, children: ComponentChildren) => (
    <section id={id}>
      <h2>{texts.sections[id]}</h2>
      {children}
    </section>
  );
  const cards = (isFromClient: boolean) =>
    reference.messages
      .filter((message) => message.isFromClient === isFromClient)
      .map((message) => <Card message={message} messages={reference.messages} texts={texts} i18n={i18n} />);
  return (
    <>
      {chapter('overview', [
        texts.overview.map((text) => (
          <p>
            <Prose text={fill(text, values)} />
          </p>
        )),
        <h3>{texts.first}</h3>,
        <Example text={fill(FIRST, values)} lang="js" />,
      ])}
      {chapter(
        'sequences',
        (['stream', 'resume', 'approval', 'cancel'] as const).map((name) => <Sequence name={name} texts={texts} />),
      )}
      {chapter(
        'guide',
        texts.guides.map(({ id, title, steps, code }) => (
          <article id={id}>
            <h3>{title}</h3>
            <ol>
              {steps.map((step) => (
                <li>
                  <Prose text={fill(step, values)} />
                </li>
              ))}
            </ol>
            {code !== undefined && <Example text={code} lang="" />}
          </article>
        )),
      )}
      {chapter('client', cards(true))}
      {chapter('server', cards(false))}
      {chapter('errors', <Errors texts={texts} i18n={i18n} />)}
      {chapter('close', <Closes texts={texts} i18n={i18n} />)}
      {chapter(
        'limits',
        <Table head={[texts.columns.what, texts.columns.atMost]}>
          {SHOWN_LIMITS.map((name) => (
            <tr>
              <td>
                <Prose text={texts.limits[name]} />
              </td>
              <td>{LIMITS[name].toLocaleString(i18n.language === 'zh' ? 'zh-CN' : 'en')}</td>
            </tr>
          ))}
        </Table>,
      )}
      {chapter('tools', [
        reference.tools.map(({ name, description, parameters }) => (
          <article id={`tool-${name}`}>
            <h3>
              <code>{name}</code>
            </h3>
            <p>{i18n.maybe(`tool.${name}`) ?? description}</p>
            <FieldTable id={`tool-${name}`} schema={parameters} />
          </article>
        )),
        reference.tools.length === 0 && <p>{texts.noTools}</p>,
      ])}
      {chapter(
        'http',
        <Table head={[texts.columns.path, texts.columns.what, texts.columns.answers]}>
          {reference.routes.map(({ path, summary, answers }) => (
            <tr>
              <td>
                <code>{path}</code>
              </td>
              <td>{summary[i18n.language]}</td>
              <td>
                {answers.map(({ status, meaning: text }) => (
                  <div>
                    <code>{status}</code> <Prose text={meaning(text, i18n.language)} />
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </Table>,
      )}
    </>
  );
}

interface CardProps {
  readonly message: Message;
  readonly messages: readonly Message[];
  readonly texts: DocsTexts;
  readonly i18n: I18n;
}

function Card({
  message: { id, type, isFromClient, tags, schema, example, answers },
  messages,
  texts,
  i18n,
}: CardProps) {
  return (
    <article id={id}>
      <h3>
        <a href={`#${id}`}>
          <code>{type}</code>
        </a>
        <span class={isFromClient ? 'badge up' : 'badge down'}>
          {isFromClient ? texts.fromClient : texts.fromServer}
        </span>
        {tags.map((tag) => (
          <span class="badge">{tag === 'ends-a-run' ? texts.endsRun : tag}</span>
        ))}
      </h3>
      <p>
        <Prose text={meaning(schema.description ?? '', i18n.language)} />
      </p>
      {answers.length > 0 && (
        <p class="answers">
          {texts.answeredBy}{' '}
          {answers.map((answer) => [
            <a href={`#${answer}`}>
              <code>{messages.find((each) => each.id === answer)?.type}</code>
            </a>,
            ' ',
          ])}
        </p>
      )}
      <FieldTable id={id} schema={schema} />
      <Example text={JSON.stringify(example, undefined, 2)} lang="json" />
    </article>
  );
}

function Example({ text, lang }: { readonly text: string; readonly lang: string }) {
  return (
    <CodeBlock codes={[{ text, lang }]}>
      <Code text={text} lang={lang} isOpen={false} />
    </CodeBlock>
  );
}

interface CodesProps {
  readonly texts: DocsTexts;
  readonly i18n: I18n;
}

function Errors({ texts, i18n }: CodesProps) {
  const { code: head, meaning: means, retryable: again } = texts.columns;
  return (
    <Table head={[head, means, again]}>
      {Object.entries(ERROR_CODES).map(([code, { retryable }]) => (
        <tr id={`error-${code}`}>
          <td>
            <code>{code}</code>
          </td>
          <td>
            <Prose text={errorMeaning(code, i18n)} />
          </td>
          <td>{retryable ? texts.yes : texts.no}</td>
        </tr>
      ))}
    </Table>
  );
}

function Closes({ texts, i18n }: CodesProps) {
  const { code: head, reason: why, meaning: means, reconnect: again } = texts.columns;
  return (
    <Table head={[head, why, means, again]}>
      {Object.values(CLOSE_CODES).map(({ code, reason, reconnect }) => (
        <tr id={`close-${code}`}>
          <td>
            <code>{code}</code>
          </td>
          <td>{reason}</td>
          <td>{closeText(code, i18n)}</td>
          <td>{texts[reconnect]}</td>
        </tr>
      ))}
    </Table>
  );
}
